//! One source map, ready for questions.

use crate::Error;
use sourcemap::{DecodedMap, SourceView};

/// A line of source longer than this is generated, and nobody reads it.
const MAX_LINE_CHARS: usize = 300;
const MAX_NAME_CHARS: usize = 256;

pub struct Map {
    map: DecodedMap,
    /// The built script, from which names of functions can be told.
    script: Option<SourceView>,
}

/// A place in the source. Lines and columns count from one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub file: String,
    pub line: u32,
    pub column: u32,
    pub function: Option<String>,
    pub context_line: Option<String>,
}

impl Map {
    /// # Errors
    /// When it is no source map of a kind that is understood.
    pub fn read(json: &[u8], script: Option<&str>) -> Result<Self, Error> {
        let map = sourcemap::decode_slice(json).map_err(|error| Error::Map(error.to_string()))?;
        // The reader takes any JSON object for an empty map.
        let is_empty = match &map {
            DecodedMap::Regular(map) => map.get_token_count() == 0,
            DecodedMap::Index(map) => map.get_section_count() == 0,
            DecodedMap::Hermes(map) => map.get_token_count() == 0,
        };
        if is_empty {
            return Err(Error::Map("it maps nothing".to_owned()));
        }
        Ok(Self {
            map,
            script: script.map(|text| SourceView::from_string(text.to_owned())),
        })
    }

    /// Where a place of the built script was. `function` is its name in the build.
    /// Lines and columns count from one, as in stacks of browsers.
    pub fn place(&self, line: u32, column: u32, function: Option<&str>) -> Option<Place> {
        let (line, column) = (line.checked_sub(1)?, column.saturating_sub(1));
        let token = self.map.lookup_token(line, column)?;
        // A token far away says nothing about this line.
        if token.get_dst_line() != line {
            return None;
        }
        let file = token.get_source()?.to_owned();
        let name = self.map.get_original_function_name(
            line,
            column,
            function.map(last_part),
            self.script.as_ref(),
        );
        let context_line = token
            .get_source_view()
            .and_then(|view| view.get_line(token.get_src_line()))
            .map(|line| line.trim_end().chars().take(MAX_LINE_CHARS).collect());
        Some(Place {
            file: file.chars().take(MAX_NAME_CHARS).collect(),
            line: token.get_src_line().saturating_add(1),
            column: token.get_src_col().saturating_add(1),
            function: name.map(|name| name.chars().take(MAX_NAME_CHARS).collect()),
            context_line,
        })
    }
}

/// `t` of `Object.t`: the script itself knows only that.
fn last_part(function: &str) -> &str {
    function.rsplit('.').next().unwrap_or(function)
}
