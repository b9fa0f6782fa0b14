namespace DtuActors.Protocol;

/// <summary>Which way bytes go: <see cref="Up"/> from the DTU to the centre, <see cref="Down"/> from the centre to the DTU.</summary>
public enum FrameDirection
{
    Up,
    Down,
}
