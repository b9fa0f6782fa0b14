using System.Collections.Immutable;
using System.Net.Sockets;

namespace DtuActors.Listening.Streams;

/// <summary>The sockets that listen at one address; they are theirs.</summary>
internal sealed class Doors(ImmutableArray<Socket> sockets)
{
    public static readonly Doors None = new([]);

    private readonly ImmutableArray<Door> _doors = [.. sockets.Select(socket => new Door(socket))];
    private int _last;

    public bool IsEmpty => _doors.IsEmpty;

    /// <summary>
    /// One whose next connection nobody waits for yet, or null. They take turns: nobody waits behind one door while another's backlog is never empty.
    /// </summary>
    public Door? Next()
    {
        for (var looked = 0; looked < _doors.Length; looked++)
        {
            _last = (_last + 1) % _doors.Length;
            if (!_doors[_last].IsAwaited)
            {
                return _doors[_last];
            }
        }

        return null;
    }

    public bool Contains(Door door) => _doors.Contains(door);

    public void Close()
    {
        foreach (var door in _doors)
        {
            door.Socket.Dispose();
        }
    }
}

/// <summary>A socket that listens.</summary>
internal sealed class Door(Socket socket)
{
    public Socket Socket => socket;

    /// <summary>Whether somebody waits for its next connection.</summary>
    public bool IsAwaited { get; set; }
}
