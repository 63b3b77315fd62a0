//! From the files of a real build to places in its source, and everything in between.

#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

use std::io::Write;
use std::path::PathBuf;
use symbolicate::{Bundle, Error, FileOfBuild, Map, collect, write_bundle};

fn read(name: &str) -> Vec<u8> {
    let path: PathBuf = [
        env!("CARGO_MANIFEST_DIR"),
        "../../fixtures/source-maps",
        name,
    ]
    .iter()
    .collect();
    std::fs::read(path).unwrap()
}

fn file(path: &str, content: impl Into<Vec<u8>>) -> FileOfBuild {
    FileOfBuild {
        path: path.to_owned(),
        content: content.into(),
    }
}

/// Column of a text in the built script, which is on one line; from one.
fn column_of(text: &str) -> u32 {
    let script = String::from_utf8(read("app.js")).unwrap();
    let first = script.lines().next().unwrap();
    u32::try_from(first.find(text).unwrap()).unwrap() + 1
}

fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    zip_after(b"", files)
}

/// An archive whose places count what is before it.
fn zip_after(start: &[u8], files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut written = std::io::Cursor::new(Vec::new());
    written.write_all(start).unwrap();
    let mut archive = zip::ZipWriter::new(written);
    for (name, content) in files {
        let options = zip::write::SimpleFileOptions::default();
        archive.start_file(*name, options).unwrap();
        archive.write_all(content).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

#[test]
fn places_of_a_build_lead_to_its_source() {
    let script = String::from_utf8(read("app.js")).unwrap();
    let map = Map::read(&read("app.js.map"), Some(&script)).unwrap();
    let place = map.place(1, column_of("new TypeError"), None).unwrap();
    assert!(place.file.ends_with("src/cart.ts"), "{place:?}");
    assert_eq!(place.line, 3);
    assert_eq!(
        place.context_line.as_deref(),
        Some("    throw new TypeError('no such fruit');")
    );
    // Names of functions come back where the built script tells which one it is.
    let declared = script.split("function ").nth(1).unwrap();
    let short = declared.split('(').next().unwrap();
    let place = map
        .place(1, column_of("new TypeError"), Some(short))
        .unwrap();
    assert_eq!(place.function.as_deref(), Some("priceOf"));
    let without = Map::read(&read("app.js.map"), None).unwrap();
    let place = without
        .place(1, column_of("new TypeError"), Some(short))
        .unwrap();
    assert_eq!(place.function, None);
    for (line, column) in [(0, 1), (900, 1), (u32::MAX, u32::MAX)] {
        assert_eq!(map.place(line, column, None), None, "{line}:{column}");
    }
}

#[test]
fn what_is_no_map_is_said() {
    for text in [
        "",
        "{}",
        "[]",
        "not json",
        r#"{"version": 3, "mappings": "!!!!"}"#,
    ] {
        let read = Map::read(text.as_bytes(), None);
        assert!(matches!(read, Err(Error::Map(_))), "{text}");
    }
    // Indexes that point nowhere are no crash.
    let odd = r#"{"version":3,"sources":[],"names":[],"mappings":"AAAA"}"#;
    if let Ok(map) = Map::read(odd.as_bytes(), Some("x")) {
        assert_eq!(map.place(1, 1, Some("x")), None);
    }
}

#[test]
fn a_build_folder_becomes_an_archive_and_comes_back() {
    let with_id = |id: &str| format!("x()\n//# sourceMappingURL=b.js.map\n//# debugId={id}\n");
    let id = "0388C6CC-2d4f-4b6f-9f3b-0a7e5d1c2b3a";
    let files = vec![
        file("assets/app.js", read("app.js")),
        file("assets/app.js.map", read("app.js.map")),
        file("assets/b.js", with_id(id)),
        file("assets/b.js.map", read("app.js.map")),
        file("lost.js", "y()\n//# sourceMappingURL=gone.js.map"),
        file("plain.js", "z()"),
        file(
            "inline.js",
            "i()\n//# sourceMappingURL=data:application/json;base64,e30=",
        ),
        file("index.html", "<p>"),
    ];
    let (collected, mut skipped) = collect(files, "~/shop/");
    skipped.sort();
    let names: Vec<_> = skipped.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        ["~/shop/inline.js", "~/shop/lost.js", "~/shop/plain.js"]
    );
    let archive = write_bundle(Some("shop@1"), None, &collected).unwrap();
    let bundle = Bundle::read(&archive).unwrap();
    assert_eq!(
        (bundle.release.as_deref(), &bundle.dist),
        (Some("shop@1"), &None)
    );
    let mut found: Vec<_> = bundle
        .artifacts
        .iter()
        .map(|it| {
            (
                it.address.as_str(),
                it.debug_id.clone(),
                it.script.is_some(),
            )
        })
        .collect();
    found.sort();
    let id = Some(id.to_lowercase());
    assert_eq!(
        found,
        [
            ("~/shop/assets/app.js", None, true),
            ("~/shop/assets/b.js", id, true)
        ]
    );
    assert!(
        bundle
            .artifacts
            .iter()
            .all(|it| it.map == read("app.js.map"))
    );
}

#[test]
fn archives_of_the_vendors_tools_are_understood() {
    let manifest = br#"{"release":"shop@2","dist":"7","files":{
        "files/_/_/app.js":{"url":"~/app.js","type":"minified_source","headers":{"Sourcemap":"maps/app.js.map","debug-id":"0388c6cc-2d4f-4b6f-9f3b-0a7e5d1c2b3a"}},
        "files/_/_/maps/app.js.map":{"url":"~/maps/app.js.map","type":"source_map","headers":{}},
        "files/_/_/alone.js.map":{"url":"~/alone.js.map","type":"source_map","headers":{}},
        "files/_/_/bare.js":{"url":"~/bare.js","type":"minified_source"},
        "files/_/_/gone.js":{"url":"~/gone.js","type":"minified_source","headers":{"sourcemap":"alone.js.map"}}}}"#;
    let (script, map) = (read("app.js"), read("app.js.map"));
    let files: [(&str, &[u8]); 5] = [
        ("manifest.json", manifest),
        ("files/_/_/app.js", &script),
        ("files/_/_/maps/app.js.map", &map),
        ("files/_/_/alone.js.map", &map),
        ("files/_/_/bare.js", b"x()"),
    ];
    let header = b"SYSB\x02\0\0\0";
    let put_before = [header.as_slice(), &zip(&files)].concat();
    for archive in [zip(&files), put_before, zip_after(header, &files)] {
        check_archive(&archive);
    }
}

fn check_archive(archive: &[u8]) {
    let bundle = Bundle::read(archive).unwrap();
    let addresses: Vec<_> = bundle
        .artifacts
        .iter()
        .map(|it| it.address.as_str())
        .collect();
    assert_eq!(addresses, ["~/app.js", "~/gone.js"]);
    assert!(bundle.artifacts[0].debug_id.is_some() && bundle.artifacts[1].script.is_none());
    assert_eq!(
        bundle.skipped,
        [("~/bare.js".to_owned(), "it has no source map")]
    );
}

#[test]
fn bad_archives_are_refused() {
    assert!(matches!(Bundle::read(b"PK"), Err(Error::Archive(_))));
    assert!(matches!(Bundle::read(b"SYSB"), Err(Error::Archive(_))));
    assert!(matches!(
        Bundle::read(&zip(&[("a", b"x")])),
        Err(Error::Manifest(_))
    ));
    let broken = zip(&[("manifest.json", b"[]")]);
    assert!(matches!(Bundle::read(&broken), Err(Error::Manifest(_))));
    // 65 MiB of zeros are 65 KB of archive.
    let zeros = vec![b' '; 65 << 20];
    let bomb = zip(&[("manifest.json", &zeros)]);
    assert!(bomb.len() < 1 << 20);
    assert!(matches!(Bundle::read(&bomb), Err(Error::TooLarge(_))));
}
