namespace DtuActors.Storage;

/// <summary>The database can't be opened, read or written; the message is the system's reason, in words.</summary>
public sealed class StorageException(string message, Exception? cause = null) : Exception(message, cause);
