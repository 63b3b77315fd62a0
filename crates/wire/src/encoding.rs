//! `Content-Encoding` of request bodies, undone within a byte limit.
//!
//! Browsers send gzip; proxies and server-side senders may use the others. A small
//! body can inflate to gigabytes, so output memory grows step by step and never
//! past the limit.

use crate::Rejection;
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use model::ingest::Reason;
use std::borrow::Cow;
use std::io::Read;

/// Nobody needs more; each one multiplies what a small body can cost.
const MAX_CODINGS: usize = 2;

/// zstd window of 8 MiB, the most that RFC 8878 asks every reader to support.
const ZSTD_WINDOW_LOG_MAX: u32 = 23;

const FIRST_STEP_BYTES: usize = 64 * 1024;
const GZIP_MAGIC: [u8; 3] = [0x1f, 0x8b, 0x08];
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// Undoes the codings named in the header, the last one first. gzip is recognised
/// without a header, too: some proxies and beacons lose it.
pub fn decode_body<'a>(
    content_encoding: Option<&str>,
    body: &'a [u8],
    limit_bytes: usize,
) -> Result<Cow<'a, [u8]>, Rejection> {
    let mut codings = parse_codings(content_encoding.unwrap_or_default())?;
    if codings.is_empty() && body.starts_with(&GZIP_MAGIC) {
        codings.push(Coding::Gzip);
    }
    let mut decoded = Cow::Borrowed(body);
    for coding in codings.iter().rev() {
        decoded = Cow::Owned(coding.decode(&decoded, limit_bytes)?);
    }
    if decoded.len() > limit_bytes {
        return Err(too_large(limit_bytes));
    }
    Ok(decoded)
}

#[derive(Debug, Clone, Copy)]
enum Coding {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

fn parse_codings(header: &str) -> Result<Vec<Coding>, Rejection> {
    let mut codings = Vec::new();
    for name in header
        .split(',')
        .map(|name| name.trim().to_ascii_lowercase())
    {
        codings.push(match name.as_str() {
            "" | "identity" => continue,
            "gzip" | "x-gzip" => Coding::Gzip,
            "deflate" => Coding::Deflate,
            "br" => Coding::Brotli,
            "zstd" => Coding::Zstd,
            _ => {
                let message = "unknown content encoding: use gzip, deflate, br, zstd or none";
                return Err(Rejection::new(Reason::InvalidEncoding, message));
            }
        });
        if codings.len() > MAX_CODINGS {
            let message = format!("more than {MAX_CODINGS} content encodings");
            return Err(Rejection::new(Reason::InvalidEncoding, message));
        }
    }
    Ok(codings)
}

impl Coding {
    const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }

    fn decode(self, body: &[u8], limit_bytes: usize) -> Result<Vec<u8>, Rejection> {
        let result = match self {
            Self::Gzip => read_bounded(MultiGzDecoder::new(body), limit_bytes),
            Self::Deflate => decode_deflate(body, limit_bytes),
            Self::Brotli => read_bounded(brotli::Decompressor::new(body, 4096), limit_bytes),
            Self::Zstd => zstd_decoder(body).and_then(|decoder| read_bounded(decoder, limit_bytes)),
        };
        match result {
            Ok(Some(decoded)) => Ok(decoded),
            Ok(None) => Err(too_large(limit_bytes)),
            Err(error) => {
                let message = format!("cannot decode the {} body: {error}", self.name());
                Err(Rejection::new(Reason::InvalidEncoding, message))
            }
        }
    }
}

/// "deflate" means zlib in the standard and a raw stream in several senders.
fn decode_deflate(body: &[u8], limit_bytes: usize) -> std::io::Result<Option<Vec<u8>>> {
    match read_bounded(ZlibDecoder::new(body), limit_bytes) {
        Ok(decoded) => Ok(decoded),
        Err(_) => read_bounded(DeflateDecoder::new(body), limit_bytes),
    }
}

fn zstd_decoder(body: &[u8]) -> std::io::Result<impl Read> {
    let mut decoder = zstd::stream::read::Decoder::new(body)?;
    decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
    Ok(decoder)
}

/// Reads to the end; `None` when there is more than `limit_bytes`. The buffer is
/// never larger than the limit, unlike that of `read_to_end`.
fn read_bounded(reader: impl Read, limit_bytes: usize) -> std::io::Result<Option<Vec<u8>>> {
    let mut decoded = Vec::new();
    let is_all = read_bounded_into(reader, limit_bytes, &mut decoded)?;
    Ok(is_all.then_some(decoded))
}

/// Appends what can be read within the limit; says whether that was all. After an
/// error, `decoded` holds what came before it.
fn read_bounded_into(
    mut reader: impl Read,
    limit_bytes: usize,
    decoded: &mut Vec<u8>,
) -> std::io::Result<bool> {
    let mut filled = 0;
    loop {
        if filled == decoded.len() {
            if filled == limit_bytes {
                return Ok(read_some(&mut reader, &mut [0])? == 0);
            }
            let wanted = (filled * 2).max(FIRST_STEP_BYTES).min(limit_bytes);
            decoded.reserve_exact(wanted - filled);
            decoded.resize(wanted, 0);
        }
        match read_some(&mut reader, &mut decoded[filled..]) {
            Ok(0) => {
                decoded.truncate(filled);
                return Ok(true);
            }
            Ok(count) => filled += count,
            Err(error) => {
                decoded.truncate(filled);
                return Err(error);
            }
        }
    }
}

/// Compressed data inside of a body, which may be cut or broken.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Inflated {
    /// All of it, or what came before the error or the limit.
    pub(crate) bytes: Vec<u8>,
    pub(crate) end: InflateEnd,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InflateEnd {
    Complete,
    Broken,
    TooLarge,
}

pub(crate) fn inflate_zlib(data: &[u8], limit_bytes: usize) -> Inflated {
    inflate(ZlibDecoder::new(data), limit_bytes)
}

/// gzip or zstd, told apart by their first bytes; `None` when it is neither.
pub(crate) fn inflate_sniffed(data: &[u8], limit_bytes: usize) -> Option<Inflated> {
    if data.starts_with(&GZIP_MAGIC) {
        return Some(inflate(MultiGzDecoder::new(data), limit_bytes));
    }
    if data.starts_with(&ZSTD_MAGIC) {
        return Some(inflate(zstd_decoder(data).ok()?, limit_bytes));
    }
    None
}

fn inflate(reader: impl Read, limit_bytes: usize) -> Inflated {
    let mut bytes = Vec::new();
    let end = match read_bounded_into(reader, limit_bytes, &mut bytes) {
        Ok(true) => InflateEnd::Complete,
        Ok(false) => InflateEnd::TooLarge,
        Err(_) => InflateEnd::Broken,
    };
    Inflated { bytes, end }
}

fn read_some(reader: &mut impl Read, buffer: &mut [u8]) -> std::io::Result<usize> {
    loop {
        match reader.read(buffer) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

fn too_large(limit_bytes: usize) -> Rejection {
    Rejection::new(
        Reason::TooLarge,
        format!("body is larger than {limit_bytes} bytes after decoding"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write};
    use std::io::Write;

    const LIMIT: usize = 200_000;

    fn gzip(data: &[u8]) -> Vec<u8> {
        let mut encoder = write::GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    fn zlib(data: &[u8]) -> Vec<u8> {
        let mut encoder = write::ZlibEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    fn raw_deflate(data: &[u8]) -> Vec<u8> {
        let mut encoder = write::DeflateEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    fn brotli(data: &[u8]) -> Vec<u8> {
        let mut encoded = Vec::new();
        brotli::BrotliCompress(&mut &data[..], &mut encoded, &Default::default()).unwrap();
        encoded
    }

    fn sample() -> Vec<u8> {
        (0..150_000u32)
            .flat_map(|n| (n / 7).to_le_bytes())
            .take(LIMIT - 1)
            .collect()
    }

    fn check(header: Option<&str>, body: &[u8], expected: Result<&[u8], Reason>) {
        let decoded = decode_body(header, body, LIMIT);
        assert_eq!(
            decoded.as_deref().map_err(|e| e.reason),
            expected,
            "{header:?}"
        );
    }

    #[test]
    fn every_coding_and_their_lists() {
        let data = sample();
        let zstd = zstd::encode_all(data.as_slice(), 1).unwrap();
        for (header, body) in [
            (None, data.clone()),
            (Some("identity"), data.clone()),
            (Some(""), data.clone()),
            (Some("GZIP"), gzip(&data)),
            (Some("x-gzip"), gzip(&data)),
            (None, gzip(&data)),
            (Some("identity"), gzip(&data)),
            (
                Some("gzip"),
                [gzip(&data[..10]), gzip(&data[10..])].concat(),
            ),
            (Some("deflate"), zlib(&data)),
            (Some("deflate"), raw_deflate(&data)),
            (Some("br"), brotli(&data)),
            (Some("zstd"), zstd.clone()),
            (Some("gzip, br"), brotli(&gzip(&data))),
            (Some("zstd,identity,gzip"), gzip(&zstd)),
        ] {
            check(header, &body, Ok(&data));
        }
        check(Some("gzip"), &gzip(b""), Ok(b""));
    }

    #[test]
    fn broken_bodies_are_invalid_and_say_so() {
        let data = sample();
        let zstd = zstd::encode_all(data.as_slice(), 1).unwrap();
        let half = |body: &[u8]| body[..body.len() / 2].to_vec();
        for (header, body) in [
            ("gzip", half(&gzip(&data))),
            ("gzip", b"{}".to_vec()),
            ("deflate", half(&zlib(&data))),
            ("br", half(&brotli(&data))),
            ("br", vec![0xff; 50]),
            ("zstd", half(&zstd)),
            ("zstd", b"{}".to_vec()),
            ("snappy", data.clone()),
            ("gzip, gzip, gzip", gzip(&gzip(&gzip(&data)))),
        ] {
            check(Some(header), &body, Err(Reason::InvalidEncoding));
        }
        let message = decode_body(Some("gzip"), b"{}", LIMIT).unwrap_err().message;
        assert!(
            message.starts_with("cannot decode the gzip body"),
            "{message}"
        );
    }

    #[test]
    fn the_limit_holds_for_every_stage() {
        let at_limit = vec![b'x'; LIMIT];
        let over = vec![b'x'; LIMIT + 1];
        check(Some("gzip"), &gzip(&at_limit), Ok(&at_limit));
        check(None, &at_limit, Ok(&at_limit));
        for (header, body) in [
            (None, over.clone()),
            (Some("gzip"), gzip(&over)),
            (Some("deflate"), zlib(&over)),
            (Some("deflate"), raw_deflate(&over)),
            (Some("br"), brotli(&over)),
            (Some("zstd"), zstd::encode_all(over.as_slice(), 1).unwrap()),
            (Some("gzip, br"), brotli(&gzip(&over))),
        ] {
            check(header, &body, Err(Reason::TooLarge));
        }
    }

    #[test]
    fn memory_never_passes_the_limit() {
        let decoded = read_bounded(std::io::repeat(b'x').take(70_001), 70_001)
            .unwrap()
            .unwrap();
        assert_eq!((decoded.len(), decoded.capacity()), (70_001, 70_001));
        assert_eq!(read_bounded(std::io::repeat(b'x'), 70_000).unwrap(), None);
        assert_eq!(read_bounded(std::io::repeat(b'x'), 0).unwrap(), None);
    }

    #[test]
    fn what_is_cut_is_inflated_as_far_as_it_goes() {
        let data = sample();
        let whole = zlib(&data);
        assert_eq!(inflate_zlib(&whole, LIMIT).end, InflateEnd::Complete);
        let cut = inflate_zlib(&whole[..whole.len() - 6], LIMIT);
        assert_eq!(cut.end, InflateEnd::Broken);
        assert!(!cut.bytes.is_empty() && data.starts_with(&cut.bytes));
        let small = inflate_zlib(&zlib(&[b'x'; 1_000]), 10);
        assert_eq!((small.end, small.bytes.len()), (InflateEnd::TooLarge, 10));
        assert_eq!(inflate_sniffed(&gzip(&data), LIMIT).unwrap().bytes, data);
        let zstd = zstd::encode_all(data.as_slice(), 1).unwrap();
        assert_eq!(inflate_sniffed(&zstd, LIMIT).unwrap().bytes, data);
        assert_eq!(inflate_sniffed(b"{}", LIMIT), None);
    }
}
