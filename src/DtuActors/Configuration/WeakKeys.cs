namespace DtuActors.Configuration;

/// <summary>Keys of the API that are too short to stand against guesses: no fault, for they may be all that a program can hold.</summary>
public static class WeakKeys
{
    /// <summary>What is random in so many characters is not found by trying.</summary>
    public const int Least = 16;

    /// <summary>One line for each, without the key.</summary>
    public static IEnumerable<string> Of(GatewayOptions options) => options.Http.ApiKeys
        .Where(static key => key.Key.Length < Least)
        .Select(static key => $"dtu.http.api-keys: the key '{key.Name}' has {key.Key.Length} characters and may be guessed; right would be {Least} random ones or more, as openssl rand -hex 16 makes them");
}
