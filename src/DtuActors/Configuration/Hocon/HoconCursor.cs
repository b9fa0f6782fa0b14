namespace DtuActors.Configuration.Hocon;

/// <summary>A place in a text that knows its line and column, and the few ways to step over what is not a value.</summary>
internal sealed class HoconCursor(string file, string text)
{
    private int _line = 1;
    private int _lineStart;

    public int Offset { get; private set; }

    public bool End => Offset >= text.Length;

    /// <summary>The character here; NUL at the end.</summary>
    public char Current => Offset < text.Length ? text[Offset] : '\0';

    public char Next => Offset + 1 < text.Length ? text[Offset + 1] : '\0';

    public HoconPosition Here => new(file, _line, Offset - _lineStart + 1);

    public bool AtNewline => !End && (Current == '\n' || (Current == '\r' && Next == '\n'));

    public bool AtComment => Current == '#' || (Current == '/' && Next == '/');

    public bool AtTripleQuote => At("\"\"\"");

    /// <summary>Blank, but not the end of a line.</summary>
    public bool AtBlank => !End && !AtNewline && (Current is '\uFEFF' || char.IsWhiteSpace(Current));

    public bool At(string word) => string.CompareOrdinal(text, Offset, word, 0, word.Length) == 0;

    /// <summary>Whether <paramref name="word"/> stands <paramref name="skip"/> characters and some blanks ahead.</summary>
    public bool AtBehindBlanks(int skip, string word)
    {
        var ahead = Offset + skip;
        while (ahead < text.Length && text[ahead] is (' ' or '\t'))
        {
            ahead++;
        }

        return string.CompareOrdinal(text, ahead, word, 0, word.Length) == 0;
    }

    public string Slice(int from) => text[from..Offset];

    public void Advance(int count = 1)
    {
        for (; count > 0 && !End; count--)
        {
            if (text[Offset++] == '\n')
            {
                _line++;
                _lineStart = Offset;
            }
        }
    }

    public void SkipBlanks()
    {
        while (AtBlank)
        {
            Advance();
        }
    }

    /// <summary>Blanks, comments, line ends and, where they may stand, commas.</summary>
    public void SkipTrivia(bool commas)
    {
        while (!End)
        {
            if (AtBlank || AtNewline || (commas && Current == ','))
            {
                Advance();
            }
            else if (AtComment)
            {
                SkipLine();
            }
            else
            {
                return;
            }
        }
    }

    public void SkipLine()
    {
        while (!End && Current != '\n')
        {
            Advance();
        }
    }

    /// <summary>Steps over a string, escapes respected; false where it does not end (a plain one at the end of its line, a triple one at the end of the text).</summary>
    public bool SkipString()
    {
        if (AtTripleQuote)
        {
            Advance(3);
            while (!End && !AtTripleQuote)
            {
                Advance();
            }

            var closed = AtTripleQuote;
            Advance(3);
            while (closed && Current == '"')
            {
                Advance();
            }

            return closed;
        }

        Advance();
        while (!End && !AtNewline && Current != '"')
        {
            Advance(Current == '\\' && Next is not '\n' and not '\r' ? 2 : 1);
        }

        if (Current != '"')
        {
            return false;
        }

        Advance();
        return true;
    }

    /// <summary>After a fault: to the end of the member it stands in, over whole blocks and strings. Takes at least one character, a closing one excepted.</summary>
    public void SkipRest()
    {
        var depth = 0;
        while (!End)
        {
            switch (Current)
            {
                case '}' or ']' when depth == 0:
                    return;
                case '\n' or ',' when depth == 0:
                    return;
                case '}' or ']':
                    depth--;
                    Advance();
                    break;
                case '{' or '[':
                    depth++;
                    Advance();
                    break;
                case '"':
                    SkipString();
                    break;
                default:
                    if (AtComment)
                    {
                        SkipLine();
                    }
                    else
                    {
                        Advance();
                    }

                    break;
            }
        }
    }
}
