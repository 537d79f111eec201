"""Learns merges from FOLDER/words and cuts its lines by them, into FOLDER/codes and FOLDER/pieces."""
import pathlib
import sys

from subword_nmt.apply_bpe import BPE
from subword_nmt.learn_bpe import learn_bpe

folder, merges = pathlib.Path(sys.argv[1]), int(sys.argv[2])
with open(folder / "words", encoding="utf-8") as words, open(folder / "codes", "w", encoding="utf-8") as codes:
    learn_bpe(words, codes, merges)
with open(folder / "codes", encoding="utf-8") as codes:
    encoding = BPE(codes)
with open(folder / "words", encoding="utf-8", newline="\n") as words:
    with open(folder / "pieces", "w", encoding="utf-8", newline="\n") as pieces:
        pieces.writelines(encoding.process_line(line) for line in words)
