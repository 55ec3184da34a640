//! As much of Rust's grammar as it takes to see which paths a file names.

use std::iter::Peekable;
use std::slice::Iter;

/// One word or sign of a source file that is neither comment nor literal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) line: usize,
    /// An identifier, `::`, or one character.
    pub(crate) text: String,
}

/// Something named, as `["std", "io", "Error"]`. The last word of a macro ends
/// in `!`, that of a function that is called with something in `(`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Path {
    pub(crate) line: usize,
    pub(crate) words: Vec<String>,
}

impl Path {
    /// Whether `words`, such as `io::stdout`, are in it, one after the other.
    pub(crate) fn says(&self, words: &str) -> bool {
        let words: Vec<_> = words.split("::").collect();
        self.words.windows(words.len()).any(|own| {
            // A call is found by the name alone as well.
            let same =
                |(own, word): (&String, &&str)| own == word || own.strip_suffix('(') == Some(word);
            own.iter().zip(&words).all(same)
        })
    }
}

/// The tokens of `text`, without comments and without what is in literals.
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let (mut at, mut line) = (0, 1);
    while at < chars.len() {
        let end = at + length(&chars[at..]);
        let word: String = chars[at..end].iter().collect();
        let first = chars[at];
        let skipped = first.is_whitespace()
            || word.starts_with("//")
            || word.starts_with("/*")
            || word.ends_with(['"', '\'', '#']) && word.len() > 1
            || first == '\'';
        if !skipped {
            tokens.push(Token {
                line,
                text: word.trim_start_matches("r#").to_owned(),
            });
        }
        line += chars[at..end].iter().filter(|c| **c == '\n').count();
        at = end;
    }
    tokens
}

/// How long the comment, literal, identifier or sign at the front is.
fn length(chars: &[char]) -> usize {
    let starts = |text: &str| {
        text.chars()
            .enumerate()
            .all(|(i, c)| chars.get(i) == Some(&c))
    };
    let is_word = |c: &char| c.is_alphanumeric() || *c == '_';
    if starts("//") {
        return chars.iter().take_while(|c| **c != '\n').count();
    }
    if starts("/*") {
        return block_comment(chars);
    }
    let prefix = ["br", "cr", "b", "c", "r"].into_iter().find(|p| starts(p));
    let prefix = prefix.map_or(0, str::len);
    let hashes = chars[prefix..].iter().take_while(|c| **c == '#').count();
    if chars.get(prefix + hashes) == Some(&'"') && (hashes == 0 || prefix > 0) {
        let raw = prefix > 0 && chars[prefix - 1] == 'r';
        return prefix + string(&chars[prefix..], raw.then_some(hashes));
    }
    match chars[0] {
        '\'' => character_or_lifetime(chars),
        'b' if chars.get(1) == Some(&'\'') => 1 + character_or_lifetime(&chars[1..]),
        'r' if hashes == 1 && prefix == 1 => {
            2 + chars[2..].iter().take_while(|c| is_word(c)).count()
        }
        c if is_word(&c) => chars.iter().take_while(|c| is_word(c)).count(),
        ':' if starts("::") => 2,
        _ => 1,
    }
}

fn block_comment(chars: &[char]) -> usize {
    let (mut at, mut depth) = (0, 0);
    while at + 1 < chars.len() {
        match (chars[at], chars[at + 1]) {
            ('/', '*') => (depth, at) = (depth + 1, at + 2),
            ('*', '/') => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    chars.len()
}

/// `raw` is the number of hashes of a raw string.
fn string(chars: &[char], raw: Option<usize>) -> usize {
    let hashes = raw.unwrap_or(0);
    let mut at = hashes + 1;
    while at < chars.len() {
        if chars[at] == '\\' && raw.is_none() {
            at += 2;
            continue;
        }
        at += 1;
        let closed = chars[at..]
            .iter()
            .take(hashes)
            .filter(|c| **c == '#')
            .count()
            == hashes;
        if chars[at - 1] == '"' && closed {
            return at + hashes;
        }
    }
    chars.len()
}

fn character_or_lifetime(chars: &[char]) -> usize {
    let closing = |from: usize| chars.iter().skip(from).position(|c| *c == '\'');
    match (chars.get(1), chars.get(2)) {
        // The escaped character may itself be a quote.
        (Some('\\'), _) => closing(3).map_or(chars.len(), |found| found + 4),
        (_, Some('\'')) => 3,
        _ => {
            1 + chars[1..]
                .iter()
                .take_while(|c| c.is_alphanumeric() || **c == '_')
                .count()
        }
    }
}

/// `tokens` without the items behind `#[cfg(test)]` or `#[cfg(all(test, ..))]`.
pub(crate) fn without_tests(tokens: &[Token]) -> Vec<Token> {
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if is(tokens, at, &["#", "[", "cfg"]) {
            let end = at + 1 + group(&tokens[at + 1..]);
            let condition = &tokens[at..end];
            let says = |word| condition.iter().any(|token| token.text == word);
            if says("test") && !says("not") {
                at = end + item(&tokens[end..]);
                continue;
            }
        }
        kept.push(tokens[at].clone());
        at += 1;
    }
    kept
}

fn is(tokens: &[Token], at: usize, texts: &[&str]) -> bool {
    let found = tokens[at..].iter().map(|token| token.text.as_str());
    found.take(texts.len()).eq(texts.iter().copied())
}

/// The length of the bracketed group that begins at the first token.
fn group(tokens: &[Token]) -> usize {
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate() {
        match token.text.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    tokens.len()
}

/// The length of the item at the front: to its `;` or the end of its braces.
fn item(tokens: &[Token]) -> usize {
    let mut at = 0;
    while at < tokens.len() {
        match tokens[at].text.as_str() {
            ";" => return at + 1,
            "{" => return at + group(&tokens[at..]),
            "(" | "[" => at += group(&tokens[at..]),
            _ => at += 1,
        }
    }
    at
}

/// Every path in `tokens`, those of `use` trees one by one.
pub(crate) fn paths(tokens: &[Token]) -> Vec<Path> {
    let mut found = Vec::new();
    let mut tokens = tokens.iter().peekable();
    while tokens.peek().is_some() {
        path(&mut tokens, &[], &mut found);
    }
    found
}

fn path(tokens: &mut Peekable<Iter<'_, Token>>, base: &[String], found: &mut Vec<Path>) {
    let Some(first) = tokens.next() else { return };
    if !first
        .text
        .starts_with(|c: char| c.is_alphabetic() || c == '_')
    {
        return;
    }
    let mut words = base.to_vec();
    words.push(first.text.clone());
    while tokens.next_if(|token| token.text == "::").is_some() {
        match tokens.peek().map(|token| token.text.as_str()) {
            Some("{") => {
                tokens.next();
                while tokens.next_if(|token| token.text == "}").is_none() {
                    if tokens.peek().is_none() {
                        return;
                    }
                    path(tokens, &words, found);
                }
                return;
            }
            // A turbofish, or a glob: the path ends before it.
            Some("<" | "*") | None => break,
            Some(word) => {
                words.push(word.to_owned());
                tokens.next();
            }
        }
    }
    let mut next = tokens.clone().map(|token| token.text.as_str());
    let mark = match (next.next(), next.next()) {
        (Some("!"), Some("(" | "[" | "{")) => "!",
        // An iterator's `peek()` takes nothing, a socket's a buffer.
        (Some("("), Some(argument)) if argument != ")" => "(",
        _ => "",
    };
    if let Some(last) = words.last_mut() {
        last.push_str(mark);
    }
    let line = first.line;
    found.push(Path { line, words });
}
