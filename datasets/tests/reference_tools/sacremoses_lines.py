"""Normalizes, tokenizes and detokenizes FOLDER/raw, a sentence on each line, into files beside it."""
import pathlib
import sys

from sacremoses import MosesDetokenizer, MosesPunctNormalizer, MosesTokenizer

folder, language = pathlib.Path(sys.argv[1]), sys.argv[2]
sentences = (folder / "raw").read_bytes().decode().removesuffix("\n").split("\n")
normalizer = MosesPunctNormalizer(language)
tokenizer, detokenizer = MosesTokenizer(language), MosesDetokenizer(language)


def write(name, lines):
    (folder / name).write_bytes("".join(line + "\n" for line in lines).encode())


tokens = [tokenizer.tokenize(sentence) for sentence in sentences]
write("normal", map(normalizer.normalize, sentences))
write("tokens", map(" ".join, tokens))
write("split", (" ".join(tokenizer.tokenize(sentence, aggressive_dash_splits=True)) for sentence in sentences))
write("text", map(detokenizer.detokenize, tokens))
