"""``python -m bench``: lexical engines and the answering of questions, on the index in force."""

from bench import answering, lexical

if __name__ == "__main__":
    lexical.main()
    answering.main()
