//! The little of MessagePack that mobile SDKs use for a replay: one map of three
//! byte strings, in any order.

use model::ingest::Reason;

/// The three parts of a `replay_video` item, each where it was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Parts<'a> {
    pub(super) event: Option<&'a [u8]>,
    pub(super) recording: Option<&'a [u8]>,
    pub(super) video: Option<&'a [u8]>,
    /// Something was missing or too much; what is here is sound.
    pub(super) problem: Option<Reason>,
}

/// Reads a map of names to bytes, or a list of the three in the order of the fields.
/// Never deeper than one level, so that no nesting costs anything.
pub(super) fn read_parts(data: &[u8]) -> Parts<'_> {
    let mut reader = Reader { data };
    let mut parts = Parts::default();
    parts.problem = reader.read_into(&mut parts).err();
    parts
}

struct Reader<'a> {
    data: &'a [u8],
}

/// No SDK sends more; unknown keys are skipped.
const MAX_ENTRIES: usize = 16;

impl<'a> Reader<'a> {
    fn read_into(&mut self, parts: &mut Parts<'a>) -> Result<(), Reason> {
        let (is_map, count) = match self.byte()? {
            head @ 0x80..=0x8f => (true, usize::from(head & 0x0f)),
            head @ 0x90..=0x9f => (false, usize::from(head & 0x0f)),
            0xde => (true, self.number(2)?),
            0xdf => (true, self.number(4)?),
            0xdc => (false, self.number(2)?),
            0xdd => (false, self.number(4)?),
            _ => return Err(Reason::InvalidItem),
        };
        for position in 0..count.min(MAX_ENTRIES) {
            let name: &[u8] = match (is_map, position) {
                (true, _) => self.bytes()?,
                (false, 0) => b"replay_event",
                (false, 1) => b"replay_recording",
                (false, _) => b"replay_video",
            };
            let place = match name {
                b"replay_event" => &mut parts.event,
                b"replay_recording" => &mut parts.recording,
                b"replay_video" => &mut parts.video,
                _ => &mut None,
            };
            // Nothing at all stands for a segment without frames.
            if self.data.first() == Some(&0xc0) {
                self.data = &self.data[1..];
                continue;
            }
            *place = Some(self.bytes()?);
        }
        match count <= MAX_ENTRIES {
            true => Ok(()),
            false => Err(Reason::InvalidItem),
        }
    }

    /// A text or a byte string of any width.
    fn bytes(&mut self) -> Result<&'a [u8], Reason> {
        let length = match self.byte()? {
            head @ 0xa0..=0xbf => usize::from(head & 0x1f),
            0xc4 | 0xd9 => self.number(1)?,
            0xc5 | 0xda => self.number(2)?,
            0xc6 | 0xdb => self.number(4)?,
            _ => return Err(Reason::InvalidItem),
        };
        self.take(length)
    }

    fn byte(&mut self) -> Result<u8, Reason> {
        Ok(self.take(1)?[0])
    }

    fn number(&mut self, width: usize) -> Result<usize, Reason> {
        let bytes = self.take(width)?;
        Ok(bytes
            .iter()
            .fold(0, |number, byte| (number << 8) | usize::from(*byte)))
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Reason> {
        let (taken, rest) = self
            .data
            .split_at_checked(length)
            .ok_or(Reason::Truncated)?;
        self.data = rest;
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_order_any_width_and_lists() {
        let mut map = vec![0x83, 0xac];
        map.extend_from_slice(b"replay_video\xc4\x01v");
        map.extend_from_slice(b"\xd9\x0creplay_event\xc5\x00\x02{}");
        map.extend_from_slice(b"\xda\x00\x10replay_recording\xdb\x00\x00\x00\x01r");
        let expected = Parts {
            event: Some(b"{}"),
            recording: Some(b"r"),
            video: Some(b"v"),
            problem: None,
        };
        assert_eq!(read_parts(&map), expected);
        assert_eq!(read_parts(b"\x93\xc4\x02{}\xa1r\xc4\x01v"), expected);
        let no_video = read_parts(b"\x93\xc4\x02{}\xa1r\xc0");
        assert_eq!((no_video.video, no_video.problem), (None, None));
    }

    #[test]
    fn broken_maps_keep_what_was_read() {
        let cut = read_parts(b"\x93\xc4\x02{}\xa1r\xc6\x7f\xff\xff\xff");
        assert_eq!(cut.recording, Some(b"r".as_slice()));
        assert_eq!(cut.problem, Some(Reason::Truncated));
        for (data, problem) in [
            (b"".as_slice(), Reason::Truncated),
            (b"{}", Reason::InvalidItem),
            (b"\x81\x91\x91\x91", Reason::InvalidItem),
            (b"\xdf\xff\xff\xff\xff", Reason::Truncated),
            (b"\x81\xa1x\xcb12345678", Reason::InvalidItem),
        ] {
            assert_eq!(read_parts(data).problem, Some(problem), "{data:?}");
        }
    }
}
