"""The ways in which a client shows a refusal to its user."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Shows:
    """The sentence, in what it prints by itself."""

    mark = "**yes**"

    def fault(self, sentence, seen, kept):
        return None if sentence in seen else f"does not show: {sentence}"

    def phrase(self, sentence):
        return sentence


@dataclass(frozen=True)
class Keeps:
    """The sentence, for those who look into the error: `where`."""

    words: str
    where: str
    mark = "kept"

    def fault(self, sentence, seen, kept):
        if sentence in seen:
            return "shows the sentence by itself: expect it"
        if sentence not in kept:
            return f"does not keep: {sentence}"
        return _missing(self.words, seen)

    def phrase(self, sentence):
        return self.words


@dataclass(frozen=True)
class Names:
    """What is wrong, in its own words."""

    words: str
    mark = "own words"

    def fault(self, sentence, seen, kept):
        if sentence in seen + kept:
            return "shows the sentence: expect it"
        return _missing(self.words, seen)

    def phrase(self, sentence):
        return self.words


@dataclass(frozen=True)
class Says(Names):
    """Something else, and `why`."""

    why: str
    mark = "no"


@dataclass(frozen=True)
class Varies:
    """One of these `words`, as it happens, and `why`."""

    words: tuple
    why: str
    mark = "varies"

    def fault(self, sentence, seen, kept):
        if sentence in seen + kept:
            return "shows the sentence: expect it"
        if any(words in seen for words in self.words):
            return None
        return f"says none of: {', '.join(self.words)}"

    def phrase(self, sentence):
        return None


def _missing(words, seen):
    return None if words in seen else f"does not say: {words}"
