"""The table of clients and cases, as Markdown."""

from cases import REFUSED
from verdicts import Keeps, Names, Says, Shows, Varies
from words import SENTENCE, code, words

ABSENT = "-"
RANK = [Shows, Keeps, Names, Varies, Says]
# The columns of the short table.
SHORT = {
    "plaintext at a TLS-only port": ("B", "H", "C"),
    "TLS at a plaintext-only port": ("A",),
    "the same with `--answer-tls-with-http`": ("A opt-in",),
}


def full(seen):
    """TABLE.md: who shows what, the tallies, and each client's words."""
    cases = present(seen)
    lines = ["## Who shows the sentence", ""]
    for case in cases:
        lines.append(f"* **{case.name}**: {case.title}")
    lines += [
        "",
        "**yes**: the sentence is in what the client prints by itself. kept: its error carries the",
        "sentence, its message does not. own words: it does not show the sentence, and names the problem;",
        "varies: in some runs. no: none of these.",
        "",
        *rows(["client", *(case.name for case in cases)], matrix(seen, cases)),
        "",
        *(f"* {case.name}: {tally(of(seen, case))}" for case in cases),
    ]
    for case in cases:
        lines += ["", f"## {case.name}: {case.title}", "", f"{code(SENTENCE)} is {code(case.sentence)}"]
        lines += by_verdict(of(seen, case))
    return "\n".join(lines) + "\n"


def by_verdict(checks):
    """Who shows it, who keeps it and where, who does not and why."""
    for title, kind in [("shows the sentence", Shows), ("keeps it in its error", Keeps), ("says it in its own words", Names)]:
        own = [check for check in checks if type(check.expected) is kind]
        if not own:
            continue
        head, where = [title, "what its user sees"], kind is Keeps
        yield ""
        yield from rows(head + ["where the sentence is"] * where, (
            [check.client.name, said(check)] + ([check.expected.where] if where else []) for check in own
        ))
    reasons = dict.fromkeys(check.expected.why for check in checks if isinstance(check.expected, (Says, Varies)))
    for reason in reasons:
        own = [check for check in checks if getattr(check.expected, "why", None) == reason]
        yield from ("", f"Not by these: {reason}.", "")
        yield from rows(["client", "what its user sees"], ([check.client.name, said(check)] for check in own))


def short(seen):
    """README: the cases, then one row for each family, by the client that shows most."""
    lines = []
    for case in present(seen):
        if not case.only:
            lines.append(f"* {case.title}: {code(case.sentence)} {tally(of(seen, case))}.")
    table = []
    for family in dict.fromkeys(check.client.family for check in seen):
        own = [check for check in seen if check.client.family == family]
        table.append([family, *(cell([c for c in own if c.case.name in names]) for names in SHORT.values())])
    return "\n".join([*lines, "", *rows(["clients", *SHORT], table)]) + "\n"


def cell(checks):
    """The words of the client that shows most, and how many show the sentence."""
    if not checks:
        return ABSENT
    best = min(checks, key=lambda check: RANK.index(type(check.expected)))
    text = said(best, 90)
    if isinstance(best.expected, Keeps):
        text += f", the sentence is in {best.expected.where}"
    showing = sum(isinstance(check.expected, Shows) for check in checks)
    if 0 < showing < len(checks):
        text += f" ({showing} of {len(checks)})"
    return text


def matrix(seen, cases):
    found = {(check.client.name, check.case.name): check.expected.mark for check in seen}
    for client in dict.fromkeys(check.client.name for check in seen):
        yield [client, *(found.get((client, case.name), ABSENT) for case in cases)]


def tally(checks):
    def number(kind):
        return sum(type(check.expected) is kind for check in checks)

    parts = [f"{number(Shows)} of {len(checks)} clients show the sentence"]
    for kind, text in [
        (Keeps, "keep it in their error"),
        (Names, "name the problem in their own words"),
        (Varies, "say this or that"),
        (Says, "none of these"),
    ]:
        if number(kind):
            parts.append(f"{number(kind)} {text}")
    return ", ".join(parts)


def said(check, longest=170):
    if isinstance(check.expected, Varies):
        return " or ".join(map(code, check.expected.words))
    phrase = check.expected.phrase(check.sentence)
    return code(words(check.seen, phrase, check.sentence, longest))


def of(seen, case):
    return [check for check in seen if check.case.name == case.name]


def present(seen):
    return [case for case in REFUSED if of(seen, case)]


def rows(head, body):
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in body:
        yield f"| {' | '.join(row)} |"
