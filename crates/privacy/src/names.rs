//! Names of elements and attributes.

use std::borrow::Cow;

/// Lower case and without prefix, as `svg:script` and `xlink:href` also work.
pub(crate) fn local_name(name: &str) -> Cow<'_, str> {
    let local = name.rsplit(':').next().unwrap_or_default();
    match local.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => Cow::Owned(local.to_ascii_lowercase()),
        false => Cow::Borrowed(local),
    }
}
