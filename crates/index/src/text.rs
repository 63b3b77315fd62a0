//! Text that stood on screens. The same texts stand in many replays, so each is kept
//! once: words lead to texts, texts to where they appeared. A phrase is found by
//! its words and then looked for in the few texts that hold all of them.

use crate::cache::{Cache, Key};
use crate::codes::{put_text, put_varint, take_text, take_varint};
use crate::file::{Blocks, Writer};
use crate::piece::{Piece, Subjects};
use crate::value::cut;
use crate::{Error, Result};
use model::ReplayId;
use roaring::RoaringBitmap;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

/// A text on the screen of a replay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appearance {
    pub replay: ReplayId,
    pub at_ms: i64,
    /// Until the end of the recording if there is none.
    pub until_ms: Option<i64>,
    pub node_id: i64,
    pub text: String,
}

/// Of two ascending lists, of which `others` is the longer one.
fn keep_those_in(found: &mut Vec<u32>, others: &[u32]) {
    let mut rest = others;
    found.retain(|wanted| {
        // Steps of growing size, so that a rare word does not read all of a frequent one.
        let mut end = 1;
        while rest.get(end).is_some_and(|text| text < wanted) {
            end *= 2;
        }
        let near = &rest[..rest.len().min(end + 1)];
        rest = &rest[near.partition_point(|text| text < wanted)..];
        rest.first() == Some(wanted)
    });
}

/// Letters and digits in a row; of scripts without spaces, each sign.
pub fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric())
        .flat_map(signs)
        .filter(|word| !word.is_empty())
}

fn signs(word: &str) -> impl Iterator<Item = &str> {
    let mut rest = word;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let end = match stands_alone(first) {
            true => first.len_utf8(),
            false => rest.find(stands_alone).unwrap_or(rest.len()),
        };
        let (taken, behind) = rest.split_at(end);
        rest = behind;
        Some(taken)
    })
}

fn stands_alone(letter: char) -> bool {
    matches!(letter, '\u{0e00}'..='\u{0eff}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// A phrase, ready to be looked for.
#[derive(Debug, Clone)]
pub struct Wanted {
    words: Vec<String>,
    /// The last word may go on.
    is_prefix: bool,
}

impl Wanted {
    pub fn of(phrase: &str) -> Self {
        Self {
            words: words(phrase).map(str::to_lowercase).collect(),
            is_prefix: phrase.trim_end().ends_with('*'),
        }
    }
}

#[derive(Debug)]
pub struct TextPiece {
    about: About,
    source: Source,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct About {
    rows: u32,
    replays: Vec<ReplayIdText>,
}

/// In a file, as text.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct ReplayIdText(String);

#[derive(Debug)]
enum Source {
    Memory {
        words: Arc<Words>,
        places: Arc<Places>,
    },
    File {
        blocks: Blocks,
        number: u64,
        cache: Arc<Cache>,
    },
}

/// Texts, each once, and the words that lead to them.
#[derive(Debug, Default)]
pub struct Words {
    /// Sorted.
    texts: Vec<String>,
    /// Sorted, with the numbers of their texts in ascending order.
    words: Vec<(String, Vec<u32>)>,
    /// The words of each text by their numbers, one text behind the other.
    sequences: Vec<u32>,
    sequence_starts: Vec<u32>,
    /// Where the appearances of a text begin; one more than there are texts.
    starts: Vec<u32>,
    /// Of each appearance: the code of its replay.
    replays: Vec<u32>,
}

/// When and where, of each appearance.
#[derive(Debug, Default)]
pub struct Places {
    at_ms: Vec<i64>,
    until_ms: Vec<Option<i64>>,
    node_id: Vec<i64>,
}

impl Words {
    pub fn heap_bytes(&self) -> usize {
        let texts: usize = self.texts.iter().map(|text| text.len() + 24).sum();
        let words = self.words.iter();
        let words: usize = words
            .map(|(word, texts)| word.len() + 48 + texts.len() * 4)
            .sum();
        let numbers = self.starts.len()
            + self.replays.len()
            + self.sequences.len()
            + self.sequence_starts.len();
        texts + words + numbers * 4
    }

    fn of(texts: Vec<String>, starts: Vec<u32>, replays: Vec<u32>) -> Self {
        let mut numbers: HashMap<String, u32, foldhash::fast::RandomState> = HashMap::default();
        let (mut sequences, mut sequence_starts) = (Vec::new(), vec![0]);
        for text in &texts {
            let text = text.to_lowercase();
            for word in words(&text) {
                let next = numbers.len() as u32;
                let known = numbers.get(word).copied();
                sequences.push(known.unwrap_or_else(|| {
                    numbers.insert(word.to_owned(), next);
                    next
                }));
            }
            sequence_starts.push(sequences.len() as u32);
        }
        // Numbers in the order of the words, so that a prefix is a range of them.
        let mut found: Vec<(String, u32)> = numbers.into_iter().collect();
        found.sort_unstable();
        let mut sorted = vec![0; found.len()];
        for (number, (_, before)) in found.iter().enumerate() {
            sorted[*before as usize] = number as u32;
        }
        let mut words: Vec<(String, Vec<u32>)> = found
            .into_iter()
            .map(|(word, _)| (word, Vec::new()))
            .collect();
        for (text, ends) in sequence_starts.windows(2).enumerate() {
            for number in &mut sequences[ends[0] as usize..ends[1] as usize] {
                *number = sorted[*number as usize];
                let texts = &mut words[*number as usize].1;
                if texts.last() != Some(&(text as u32)) {
                    texts.push(text as u32);
                }
            }
        }
        Self {
            texts,
            words,
            sequences,
            sequence_starts,
            starts,
            replays,
        }
    }

    /// Numbers of the texts with the phrase.
    fn find(&self, wanted: &Wanted) -> Vec<u32> {
        let Some((last, before)) = wanted.words.split_last() else {
            return Vec::new();
        };
        let mut numbers = Vec::new();
        for word in before {
            match self.words.binary_search_by(|(known, _)| known.cmp(word)) {
                Ok(number) => numbers.push(number as u32),
                Err(_) => return Vec::new(),
            }
        }
        let start = self.words.partition_point(|(word, _)| word < last);
        let ends = self.words[start..].iter().take_while(|(word, _)| {
            if wanted.is_prefix {
                word.starts_with(last.as_str())
            } else {
                word == last
            }
        });
        let ends = start as u32..(start + ends.count()) as u32;
        let texts = |number: u32| self.words[number as usize].1.as_slice();
        let with_ends: Vec<u32>;
        let mut lists: Vec<&[u32]> = numbers.iter().map(|number| texts(*number)).collect();
        lists.push(match ends.len() {
            0 => return Vec::new(),
            1 => texts(ends.start),
            _ => {
                let all = ends
                    .clone()
                    .flat_map(|number| texts(number).iter().copied());
                with_ends = all.collect::<RoaringBitmap>().into_iter().collect();
                &with_ends
            }
        });
        // The rarest word first: the others are only asked about its texts.
        lists.sort_by_key(|list| list.len());
        let mut lists = lists.into_iter();
        let mut found = lists.next().unwrap_or_default().to_vec();
        for list in lists {
            keep_those_in(&mut found, list);
        }
        let is_in = |text: &u32| {
            let text = *text as usize;
            let (start, end) = (self.sequence_starts[text], self.sequence_starts[text + 1]);
            let mut windows =
                self.sequences[start as usize..end as usize].windows(wanted.words.len());
            windows.any(|window| {
                window.starts_with(&numbers)
                    && window.last().is_some_and(|last| ends.contains(last))
            })
        };
        found.into_iter().filter(is_in).collect()
    }

    fn appearances(&self, text: u32) -> std::ops::Range<u32> {
        self.starts[text as usize]..self.starts[text as usize + 1]
    }

    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put_varint(&mut out, self.texts.len() as u64);
        for (number, text) in self.texts.iter().enumerate() {
            put_text(&mut out, text);
            let appearances = self.appearances(number as u32);
            put_varint(&mut out, u64::from(appearances.end - appearances.start));
            let mut before = 0;
            for at in appearances {
                // Replays of a text are in ascending order.
                let code = self.replays[at as usize];
                put_varint(&mut out, u64::from(code - before));
                before = code;
            }
        }
        out
    }

    fn decode(bytes: &[u8], rows: u32, replay_count: usize) -> Result<Self> {
        let mut rest = bytes;
        let count = take_varint(&mut rest)? as usize;
        if count > rest.len() || rows as usize > rest.len() {
            return Err(Error::damaged("texts"));
        }
        let (mut texts, mut starts) = (Vec::with_capacity(count), vec![0]);
        let mut replays: Vec<u32> = Vec::with_capacity(rows as usize);
        for _ in 0..count {
            texts.push(take_text(&mut rest)?);
            let appearances = take_varint(&mut rest)? as usize;
            if appearances > rows as usize - replays.len() {
                return Err(Error::damaged("appearances"));
            }
            let mut code = 0u64;
            for _ in 0..appearances {
                code = code.saturating_add(take_varint(&mut rest)?);
                if code > replay_count as u64 {
                    return Err(Error::damaged("replay"));
                }
                replays.push(code as u32);
            }
            starts.push(replays.len() as u32);
        }
        if replays.len() != rows as usize {
            return Err(Error::damaged("appearances"));
        }
        Ok(Self::of(texts, starts, replays))
    }
}

impl Places {
    pub fn heap_bytes(&self) -> usize {
        self.at_ms.len() * 32
    }

    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for at in 0..self.at_ms.len() {
            put_varint(&mut out, self.at_ms[at] as u64);
            let lasted = self.until_ms[at].map(|until| until.wrapping_sub(self.at_ms[at]));
            put_varint(&mut out, lasted.map_or(0, |ms| (ms as u64).wrapping_add(1)));
            put_varint(&mut out, self.node_id[at] as u64);
        }
        out
    }

    fn decode(bytes: &[u8], rows: u32) -> Result<Self> {
        let mut rest = bytes;
        let mut places = Self::default();
        for _ in 0..rows {
            let at_ms = take_varint(&mut rest)? as i64;
            let lasted = take_varint(&mut rest)?;
            places.at_ms.push(at_ms);
            let until = lasted
                .checked_sub(1)
                .map(|ms| at_ms.wrapping_add(ms as i64));
            places.until_ms.push(until);
            places.node_id.push(take_varint(&mut rest)? as i64);
        }
        Ok(places)
    }
}

impl TextPiece {
    pub fn build(appearances: &[Appearance]) -> Self {
        let mut replays: Vec<ReplayId> = appearances.iter().map(|found| found.replay).collect();
        replays.sort_unstable();
        replays.dedup();
        let code = |id: &ReplayId| replays.binary_search(id).map_or(0, |at| at as u32 + 1);
        let mut rows: Vec<(&str, u32, &Appearance)> = appearances
            .iter()
            .map(|found| (cut(&found.text), code(&found.replay), found))
            .collect();
        rows.sort_by(|one, two| (one.0, one.1, one.2.at_ms).cmp(&(two.0, two.1, two.2.at_ms)));
        let (mut texts, mut starts): (Vec<String>, Vec<u32>) = (Vec::new(), Vec::new());
        let mut places = Places::default();
        for (at, (text, _, found)) in rows.iter().enumerate() {
            if texts.last().is_none_or(|last| last != text) {
                texts.push((*text).to_owned());
                starts.push(at as u32);
            }
            places.at_ms.push(found.at_ms);
            places.until_ms.push(found.until_ms);
            places.node_id.push(found.node_id);
        }
        starts.push(rows.len() as u32);
        let codes = rows.iter().map(|(_, code, _)| *code).collect();
        Self {
            about: About {
                rows: rows.len() as u32,
                replays: replays
                    .iter()
                    .map(|id| ReplayIdText(id.to_string()))
                    .collect(),
            },
            source: Source::Memory {
                words: Arc::new(Words::of(texts, starts, codes)),
                places: Arc::new(places),
            },
        }
    }

    fn words(&self) -> Result<Arc<Words>> {
        match &self.source {
            Source::Memory { words, .. } => Ok(words.clone()),
            Source::File {
                blocks,
                number,
                cache,
            } => cache.words(Key::new(*number, "texts"), || {
                let (_, plain) = blocks.read("texts")?.ok_or(Error::damaged("texts"))?;
                Words::decode(&plain, self.about.rows, self.about.replays.len())
            }),
        }
    }

    fn places(&self) -> Result<Arc<Places>> {
        match &self.source {
            Source::Memory { places, .. } => Ok(places.clone()),
            Source::File {
                blocks,
                number,
                cache,
            } => cache.places(Key::new(*number, "places"), || {
                let (_, plain) = blocks.read("places")?.ok_or(Error::damaged("places"))?;
                Places::decode(&plain, self.about.rows)
            }),
        }
    }

    /// Calls with the code of the replay of each appearance that is not dead.
    pub fn find(
        &self,
        wanted: &Wanted,
        dead: &RoaringBitmap,
        mut each: impl FnMut(u32),
    ) -> Result<()> {
        let words = self.words()?;
        for text in words.find(wanted) {
            for at in words.appearances(text) {
                if dead.is_empty() || !dead.contains(at) {
                    each(words.replays[at as usize]);
                }
            }
        }
        Ok(())
    }

    /// The appearances of a phrase in one replay.
    pub fn hits(
        &self,
        wanted: &Wanted,
        dead: &RoaringBitmap,
        replay: ReplayId,
        limit: usize,
    ) -> Result<Vec<Appearance>> {
        let Some(code) = self.code_of(replay) else {
            return Ok(Vec::new());
        };
        let (words, places) = (self.words()?, self.places()?);
        let mut found = Vec::new();
        for text in words.find(wanted) {
            for at in words.appearances(text).filter(|at| !dead.contains(*at)) {
                if words.replays[at as usize] == code && found.len() < limit {
                    found.push(appearance(&words, &places, text, at, replay));
                }
            }
        }
        Ok(found)
    }

    fn code_of(&self, replay: ReplayId) -> Option<u32> {
        let replay = replay.to_string();
        let mut ids = self.about.replays.iter();
        ids.position(|id| id.0 == replay).map(|at| at as u32 + 1)
    }
}

fn appearance(words: &Words, places: &Places, text: u32, at: u32, replay: ReplayId) -> Appearance {
    let place = at as usize;
    Appearance {
        replay,
        at_ms: places.at_ms[place],
        until_ms: places.until_ms[place],
        node_id: places.node_id[place],
        text: words.texts[text as usize].clone(),
    }
}

impl Piece for TextPiece {
    fn rows(&self) -> u32 {
        self.about.rows
    }

    fn subjects(&self) -> Result<Subjects> {
        let parse = |id: &ReplayIdText| id.0.parse().map_err(|_| Error::damaged("replay id"));
        Ok(Subjects {
            replays: self
                .about
                .replays
                .iter()
                .map(parse)
                .collect::<Result<_>>()?,
            ..Subjects::default()
        })
    }

    fn rows_of_replay(&self, id: ReplayId) -> Result<RoaringBitmap> {
        let Some(code) = self.code_of(id) else {
            return Ok(RoaringBitmap::new());
        };
        let words = self.words()?;
        let rows = 0..self.about.rows;
        Ok(rows
            .filter(|row| words.replays[*row as usize] == code)
            .collect())
    }

    fn rows_of_user(&self, _: &str) -> Result<RoaringBitmap> {
        // Texts belong to replays; those of a user are deleted one by one.
        Ok(RoaringBitmap::new())
    }

    fn merge(pieces: &[(&Self, &RoaringBitmap)]) -> Result<(Self, Vec<Vec<u32>>)> {
        let mut all: Vec<(Appearance, usize, u32)> = Vec::new();
        for (number, (piece, dead)) in pieces.iter().enumerate() {
            let (words, places) = (piece.words()?, piece.places()?);
            let replays = piece.subjects()?.replays;
            for text in 0..words.texts.len() as u32 {
                for at in words.appearances(text).filter(|at| !dead.contains(*at)) {
                    let code = words.replays[at as usize] as usize;
                    let replay = replays.get(code.wrapping_sub(1));
                    let replay = *replay.ok_or(Error::damaged("replay"))?;
                    all.push((appearance(&words, &places, text, at, replay), number, at));
                }
            }
        }
        // As `build` sorts them, so that it moves nothing.
        all.sort_by(|(one, ..), (two, ..)| {
            (cut(&one.text), one.replay, one.at_ms).cmp(&(cut(&two.text), two.replay, two.at_ms))
        });
        let mut moved: Vec<Vec<u32>> = pieces
            .iter()
            .map(|(piece, _)| vec![u32::MAX; piece.about.rows as usize])
            .collect();
        for (to, (_, number, at)) in all.iter().enumerate() {
            moved[*number][*at as usize] = to as u32;
        }
        let appearances: Vec<_> = all.into_iter().map(|(found, ..)| found).collect();
        Ok((Self::build(&appearances), moved))
    }

    fn write(&self, path: &Path) -> Result<()> {
        let mut writer = Writer::create(path)?;
        writer.block("texts", 0, self.about.rows, &self.words()?.encode())?;
        writer.block("places", 0, self.about.rows, &self.places()?.encode())?;
        writer.finish(&self.about)
    }

    fn open(path: &Path, number: u64, cache: &Arc<Cache>) -> Result<Self> {
        let (blocks, about) = Blocks::open::<About>(path)?;
        Ok(Self {
            about,
            source: Source::File {
                blocks,
                number,
                cache: cache.clone(),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_letters_and_digits_and_single_signs() {
        let found: Vec<_> = words("Zahlung (abgelehnt): 4,50 € — 決済エラーx").collect();
        assert_eq!(
            found,
            [
                "Zahlung",
                "abgelehnt",
                "4",
                "50",
                "決",
                "済",
                "エ",
                "ラ",
                "ー",
                "x"
            ]
        );
    }

    #[test]
    fn lists_are_cut_to_what_they_have_in_common() {
        for (found, others, expected) in [
            (
                vec![1, 3, 5, 900],
                (0..1_000).step_by(3).collect(),
                vec![3, 900],
            ),
            (vec![0, 999], (0..1_000).collect(), vec![0, 999]),
            (vec![7], vec![1, 2, 3], vec![]),
            (vec![3, 4], vec![3, 4], vec![3, 4]),
            (vec![], vec![1], vec![]),
            (vec![1], vec![], vec![]),
        ] as [(Vec<u32>, Vec<u32>, Vec<u32>); 6]
        {
            let mut kept = found.clone();
            keep_those_in(&mut kept, &others);
            assert_eq!(kept, expected, "{found:?}");
        }
    }

    #[test]
    fn a_phrase_is_words_in_a_row() {
        for (phrase, text, expected) in [
            ("Payment declined", "Your PAYMENT, declined!", true),
            ("Payment declined", "declined payment", false),
            ("Payment declined", "payment payment declined", true),
            ("payment", "payments", false),
            ("paym*", "your payments", true),
            ("payment decl*", "payment was declined", false),
            ("a b a c", "a b a b a c", true),
            ("決済 エラー", "決済エラー", true),
        ] {
            let replay = ReplayId::from_bytes([1; 16]);
            let texts = ["Something else", text].map(|text| Appearance {
                replay,
                at_ms: 5,
                until_ms: None,
                node_id: 1,
                text: text.to_owned(),
            });
            let piece = TextPiece::build(&texts);
            let hits = piece.hits(&Wanted::of(phrase), &RoaringBitmap::new(), replay, 10);
            let hits: Vec<_> = hits.unwrap().into_iter().map(|hit| hit.text).collect();
            let expected: &[&str] = if expected { &[text] } else { &[] };
            assert_eq!(hits, expected, "{phrase}");
        }
    }
}
