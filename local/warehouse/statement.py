"""The text of a statement before it is parsed: its first words and, where asked for, its tokens.

sqlglot has no tree for many statements (CREATE TASK, CALL, SHOW PARAMETERS, …). Those are recognised by their words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

import sqlglot
from sqlglot.errors import TokenError
from sqlglot.tokens import Token, TokenType

from local.warehouse.errors import SYNTAX_ERROR, sql_error

_HEAD_WORDS = 12
_QUOTES = {TokenType.STRING, TokenType.RAW_STRING, TokenType.NATIONAL_STRING}


@dataclass(frozen=True)
class Word:
    """One token: its text without quotes, where it stands in the statement, and how it was written."""

    text: str
    start: int
    end: int
    is_string: bool = False
    is_quoted_name: bool = False

    @property
    def upper(self) -> str:
        """Upper-case text of a bare word; a string or a quoted name never equals a keyword."""
        return "" if self.is_string or self.is_quoted_name else self.text.upper()

    @property
    def name(self) -> str:
        """The identifier that this word stands for: quoted as written, unquoted in upper case."""
        return self.text if self.is_quoted_name or self.is_string else self.text.upper()


def _skip_blanks(text: str, at: int) -> int:
    while at < len(text):
        if text[at].isspace() or text[at] == ";":
            at += 1
        elif text.startswith(("--", "//"), at):
            end = text.find("\n", at)
            at = len(text) if end < 0 else end + 1
        elif text.startswith("/*", at):
            end = text.find("*/", at + 2)
            at = len(text) if end < 0 else end + 2
        else:
            break
    return at


def _head(text: str) -> tuple[str, ...]:
    words: list[str] = []
    at = 0
    while len(words) < _HEAD_WORDS:
        at = _skip_blanks(text, at)
        end = at
        while end < len(text) and (text[end].isalnum() or text[end] in "_$"):
            end += 1
        if end == at:
            break
        words.append(text[at:end].upper())
        at = end
    return tuple(words)


@dataclass(frozen=True)
class Statement:
    """One statement; `text` starts at its first word and has no closing semicolon."""

    text: str

    @classmethod
    def of(cls, sql: str) -> Statement:
        """Cut comments in front and the semicolon behind."""
        text = sql[_skip_blanks(sql, 0) :].rstrip()
        return cls(text[:-1].rstrip() if text.endswith(";") else text)

    @cached_property
    def head(self) -> tuple[str, ...]:
        """Up to twelve leading bare words in upper case, comments skipped, up to the first other character."""
        return _head(self.text)

    def starts(self, *words: str) -> bool:
        """Whether the statement begins with these words (upper case)."""
        return self.head[: len(words)] == words

    @cached_property
    def words(self) -> list[Word]:
        """All tokens. Raises a syntax error for unclosed quotes."""
        return _words(self.text, 0)


def _words(text: str, offset: int) -> list[Word]:
    try:
        tokens: list[Token] = list(sqlglot.tokenize(text, read="snowflake"))
    except TokenError as error:
        raise sql_error(f"SQL compilation error:\nsyntax error: {error}", *SYNTAX_ERROR) from None
    words: list[Word] = []
    for index, token in enumerate(tokens):
        is_string, is_name = token.token_type in _QUOTES, token.token_type == TokenType.IDENTIFIER
        if not (is_string or is_name) and " " in token.text:
            # sqlglot makes one token of STORAGE INTEGRATION and its like.
            for part in re.finditer(r"\S+", text[token.start : token.end + 1]):
                at = token.start + offset
                words.append(Word(part[0], at + part.start(), at + part.end()))
            continue
        words.append(Word(token.text, token.start + offset, token.end + 1 + offset, is_string, is_name))
        if index == 0 and token.token_type in (TokenType.COMMAND, TokenType.EXECUTE):
            # sqlglot reads the rest of a command as one string: take it apart after all.
            return words + _words(text[token.end + 1 :], offset + token.end + 1)
    return words
