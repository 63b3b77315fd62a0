//! Makes rrweb events out of arbitrary bytes: the right keys, any content.

use arbitrary::{Result, Unstructured};
use std::fmt::Write as _;

const MAX_EVENTS: usize = 24;
const MAX_NODES: usize = 40;
const ODD_IDS: [i64; 6] = [-1, -2, 0, 1 << 53, i64::MAX, i64::MIN];

const TAGS: [&str; 24] = [
    "html", "head", "body", "div", "span", "style", "link", "iframe", "input", "textarea",
    "select", "option", "canvas", "video", "dialog", "svg", "path", "table", "template", "x-card",
    "script", "noscript", "FRAME", "",
];
/// In nodes and in changes.
const ATTRIBUTES: [&str; 21] = [
    "class",
    "id",
    "style",
    "value",
    "checked",
    "selected",
    "type",
    "name",
    "open",
    "rel",
    "href",
    "_cssText",
    "rr_dataURL",
    "rr_src",
    "autoplay",
    "data-a",
    "onclick",
    "src",
    "muted",
    "loop",
    "",
];
/// Recorders write these into nodes only.
const NODE_ATTRIBUTES: [&str; 11] = [
    "rr_scrollLeft",
    "rr_scrollTop",
    "rr_width",
    "rr_height",
    "rr_mediaState",
    "rr_mediaCurrentTime",
    "rr_mediaPlaybackRate",
    "rr_mediaVolume",
    "rr_mediaMuted",
    "rr_mediaLoop",
    "rr_open_mode",
];
const TEXTS: [&str; 22] = [
    "",
    " ",
    "a",
    "text",
    "color: red; width: 1px",
    "color:red!important;--x:{;}",
    "a{b:c}",
    "a{b:c}/* rr_split */d{e:f}/* rr_split */",
    "/* rr_split */",
    "@media x{a{b:c}d{}}",
    "a{",
    "}",
    "radio",
    "checkbox",
    "submit",
    "password",
    "stylesheet",
    "modal",
    "played",
    "paused",
    "🦀\u{fffd}",
    "url(data:x;y)\"'\\\n\u{2028}",
];
const NUMBERS: [&str; 12] = [
    "0",
    "1",
    "-1",
    "2.5",
    "1e3",
    "1e400",
    "-1e-400",
    "0.1",
    "9007199254740993",
    "-0",
    "300",
    "99999999999999999999",
];

const FLAGS: [&str; 5] = ["isShadow", "isShadowHost", "isSVG", "isCustom", "isStyle"];

/// Events as JSON, oldest first.
pub fn events(bytes: &[u8]) -> Vec<String> {
    let mut maker = Maker {
        from: Unstructured::new(bytes),
        nodes_left: MAX_NODES,
        last_id: 0,
    };
    let mut events = Vec::new();
    while events.len() < MAX_EVENTS && !maker.from.is_empty() {
        maker.nodes_left = MAX_NODES;
        // Without a page, most events are about nothing.
        let event = match events.is_empty() {
            true => maker.snapshot_event(),
            false => maker.event(),
        };
        match event {
            Ok(event) => events.push(event),
            Err(_) => break,
        }
    }
    events
}

fn event_json(kind: u8, data: &str) -> String {
    format!("{{\"type\":{kind},\"data\":{data},\"timestamp\":1}}")
}

struct Maker<'b> {
    from: Unstructured<'b>,
    nodes_left: usize,
    /// Of the nodes since the snapshot, numbered as a recorder does.
    last_id: i64,
}

impl Maker<'_> {
    fn pick<'a>(&mut self, words: &[&'a str]) -> Result<&'a str> {
        Ok(*self.from.choose(words)?)
    }

    fn one_in(&mut self, n: u8) -> Result<bool> {
        Ok(self.from.int_in_range(0..=n - 1)? == 0)
    }

    /// Mostly one that there is, or was.
    fn id(&mut self) -> Result<i64> {
        if self.one_in(16)? {
            return Ok(*self.from.choose(&ODD_IDS)?);
        }
        self.from.int_in_range(1..=self.last_id.clamp(2, 100))
    }

    /// Mostly a new one.
    fn new_id(&mut self) -> Result<i64> {
        if self.one_in(12)? {
            return self.id();
        }
        self.last_id += 1;
        Ok(self.last_id)
    }

    fn id_or_null(&mut self) -> Result<String> {
        Ok(match self.one_in(3)? {
            true => "null".to_owned(),
            false => self.id()?.to_string(),
        })
    }

    fn text(&mut self) -> Result<String> {
        let text = self.pick(&TEXTS)?;
        Ok(serde_json::Value::from(text).to_string())
    }

    fn number(&mut self) -> Result<&'static str> {
        self.pick(&NUMBERS)
    }

    /// Up to `most` of something, with commas.
    fn list(
        &mut self,
        most: u8,
        mut item: impl FnMut(&mut Self) -> Result<String>,
    ) -> Result<String> {
        let count = self.from.int_in_range(0..=most)?;
        let mut items = Vec::new();
        for _ in 0..count {
            items.push(item(self)?);
        }
        Ok(items.join(","))
    }

    fn attributes(&mut self, of_node: bool) -> Result<String> {
        let pairs = self.list(3, |maker| {
            let name = match of_node && maker.one_in(3)? {
                true => maker.pick(&NODE_ATTRIBUTES)?,
                false => maker.pick(&ATTRIBUTES)?,
            };
            let value = match maker.from.int_in_range(0..=9)? {
                0 => "true".to_owned(),
                1 => "null".to_owned(),
                2 => "false".to_owned(),
                3 => maker.number()?.to_owned(),
                4 => maker.style_change()?,
                _ => maker.text()?,
            };
            Ok(format!("\"{name}\":{value}"))
        })?;
        Ok(format!("{{{pairs}}}"))
    }

    /// What a recorder writes for `style` when that is shorter.
    fn style_change(&mut self) -> Result<String> {
        let pairs = self.list(3, |maker| {
            let name = maker.pick(&["color", "width", "--x", "a b", ""])?;
            let value = match maker.from.int_in_range(0..=3)? {
                0 => "false".to_owned(),
                1 => format!("[{},\"important\"]", maker.text()?),
                _ => maker.text()?,
            };
            Ok(format!("\"{name}\":{value}"))
        })?;
        Ok(format!("{{{pairs}}}"))
    }

    fn node(&mut self, depth: u8) -> Result<String> {
        self.nodes_left = self.nodes_left.saturating_sub(1);
        let id = self.new_id()?;
        let mut can_have_children = self.one_in(16)?;
        let mut node = match self.from.int_in_range(0..=31)? {
            0 => format!("{{\"type\":0,\"id\":{id}"),
            1 => format!(
                "{{\"type\":1,\"name\":\"html\",\"publicId\":\"\",\"systemId\":\"\",\"id\":{id}"
            ),
            2 => format!("{{\"type\":5,\"textContent\":{},\"id\":{id}", self.text()?),
            3 => format!("{{\"type\":4,\"textContent\":\"\",\"id\":{id}"),
            4..=9 => format!("{{\"type\":3,\"textContent\":{},\"id\":{id}", self.text()?),
            _ => {
                can_have_children = true;
                let tag = self.pick(&TAGS)?;
                let attributes = self.attributes(true)?;
                format!(
                    "{{\"type\":2,\"tagName\":\"{tag}\",\"attributes\":{attributes},\"id\":{id}"
                )
            }
        };
        let flags = self.from.arbitrary::<u8>()?;
        for (bit, flag) in FLAGS.iter().enumerate() {
            // Half of the nodes have none.
            if flags >= 128 && flags >> bit & 1 == 1 {
                let _ = write!(node, ",\"{flag}\":true");
            }
        }
        if self.one_in(24)? {
            let _ = write!(node, ",\"rootId\":{}", self.id()?);
        }
        if can_have_children && depth > 0 && self.nodes_left > 0 {
            let children = self.list(4, |maker| maker.node(depth - 1))?;
            let _ = write!(node, ",\"childNodes\":[{children}]");
        }
        node.push('}');
        Ok(node)
    }

    fn event(&mut self) -> Result<String> {
        let (kind, data) = match self.from.int_in_range(0..=23)? {
            0 | 1 => return self.snapshot_event(),
            2 | 3 => {
                let (href, width, height) = (self.text()?, self.number()?, self.number()?);
                (
                    4,
                    format!("{{\"href\":{href},\"width\":{width},\"height\":{height}}}"),
                )
            }
            n => (3, self.incremental(n)?),
        };
        Ok(event_json(kind, &data))
    }

    fn snapshot_event(&mut self) -> Result<String> {
        Ok(event_json(2, &self.snapshot()?))
    }

    fn snapshot(&mut self) -> Result<String> {
        self.last_id = 0;
        let id = self.new_id()?;
        let mut children = self.node(5)?;
        let more = self.list(2, |maker| maker.node(4))?;
        if !more.is_empty() {
            let _ = write!(children, ",{more}");
        }
        let (left, top) = (self.number()?, self.number()?);
        Ok(format!(
            "{{\"node\":{{\"type\":0,\"childNodes\":[{children}],\"id\":{id}}},\"initialOffset\":{{\"left\":{left},\"top\":{top}}}}}"
        ))
    }

    fn incremental(&mut self, n: u8) -> Result<String> {
        Ok(match n {
            4..=12 => self.mutation()?,
            13 => format!(
                "{{\"source\":1,\"positions\":[{{\"x\":{},\"y\":{},\"id\":{},\"timeOffset\":0}}]}}",
                self.number()?,
                self.number()?,
                self.id()?
            ),
            14 => format!(
                "{{\"source\":2,\"type\":{},\"id\":{},\"x\":{},\"y\":{}}}",
                self.from.int_in_range(0..=10)?,
                self.id()?,
                self.number()?,
                self.number()?
            ),
            15 => format!(
                "{{\"source\":3,\"id\":{},\"x\":{},\"y\":{}}}",
                self.id()?,
                self.number()?,
                self.number()?
            ),
            16 => format!(
                "{{\"source\":5,\"id\":{},\"text\":{},\"isChecked\":{}}}",
                self.id()?,
                self.text()?,
                self.from.arbitrary::<bool>()?
            ),
            17 => format!(
                "{{\"source\":7,\"type\":{},\"id\":{},\"currentTime\":{},\"volume\":{},\"muted\":{}}}",
                self.from.int_in_range(0..=4)?,
                self.id()?,
                self.number()?,
                self.number()?,
                self.from.arbitrary::<bool>()?
            ),
            18 | 19 => self.rules()?,
            20 => self.declaration()?,
            21 => self.canvas()?,
            22 => self.adopted()?,
            _ => match self.from.int_in_range(0..=3)? {
                0 => format!(
                    "{{\"source\":14,\"ranges\":[{{\"start\":{},\"startOffset\":{},\"end\":{},\"endOffset\":0}}]}}",
                    self.id()?,
                    self.number()?,
                    self.id()?
                ),
                1 => format!(
                    "{{\"source\":10,\"family\":{},\"fontSource\":\"x\",\"buffer\":false}}",
                    self.text()?
                ),
                2 => format!("{{\"source\":16,\"define\":{{\"name\":{}}}}}", self.text()?),
                _ => format!(
                    "{{\"source\":4,\"width\":{},\"height\":{}}}",
                    self.number()?,
                    self.number()?
                ),
            },
        })
    }

    fn mutation(&mut self) -> Result<String> {
        let removes = self.list(3, |maker| {
            Ok(format!(
                "{{\"parentId\":{},\"id\":{}}}",
                maker.id()?,
                maker.id()?
            ))
        })?;
        let adds = self.list(4, |maker| {
            let depth = maker.from.int_in_range(0..=2)?;
            let (parent, next) = (maker.id()?, maker.id_or_null()?);
            let previous = match maker.one_in(4)? {
                true => format!(",\"previousId\":{}", maker.id_or_null()?),
                false => String::new(),
            };
            Ok(format!(
                "{{\"parentId\":{parent},\"nextId\":{next}{previous},\"node\":{}}}",
                maker.node(depth)?
            ))
        })?;
        let texts = self.list(2, |maker| {
            Ok(format!(
                "{{\"id\":{},\"value\":{}}}",
                maker.id()?,
                maker.text()?
            ))
        })?;
        let attributes = self.list(2, |maker| {
            Ok(format!(
                "{{\"id\":{},\"attributes\":{}}}",
                maker.id()?,
                maker.attributes(false)?
            ))
        })?;
        let attach = if self.one_in(4)? {
            ",\"isAttachIframe\":true"
        } else {
            ""
        };
        Ok(format!(
            "{{\"source\":0,\"removes\":[{removes}],\"adds\":[{adds}],\"texts\":[{texts}],\"attributes\":[{attributes}]{attach}}}"
        ))
    }

    fn sheet(&mut self) -> Result<String> {
        Ok(match self.one_in(2)? {
            true => format!("\"id\":{}", self.id()?),
            false => format!("\"styleId\":{}", self.from.int_in_range(0..=4)?),
        })
    }

    fn index(&mut self) -> Result<String> {
        Ok(match self.from.int_in_range(0..=3)? {
            0 => format!(
                "[{}]",
                self.list(3, |maker| Ok(maker.from.int_in_range(0..=3u8)?.to_string()))?
            ),
            1 => self.number()?.to_owned(),
            _ => self.from.int_in_range(0..=3u8)?.to_string(),
        })
    }

    fn rules(&mut self) -> Result<String> {
        let sheet = self.sheet()?;
        let adds = self.list(3, |maker| {
            let index = match maker.one_in(3)? {
                true => String::new(),
                false => format!(",\"index\":{}", maker.index()?),
            };
            Ok(format!("{{\"rule\":{}{index}}}", maker.text()?))
        })?;
        let removes = self.list(2, |maker| Ok(format!("{{\"index\":{}}}", maker.index()?)))?;
        let replace = match self.from.int_in_range(0..=5)? {
            0 => format!(",\"replace\":{}", self.text()?),
            1 => format!(",\"replaceSync\":{}", self.text()?),
            _ => String::new(),
        };
        Ok(format!(
            "{{\"source\":8,{sheet},\"adds\":[{adds}],\"removes\":[{removes}]{replace}}}"
        ))
    }

    fn declaration(&mut self) -> Result<String> {
        let (sheet, index) = (self.sheet()?, self.index()?);
        let change = match self.one_in(2)? {
            true => "\"remove\":{\"property\":\"color\"}".to_owned(),
            false => format!(
                "\"set\":{{\"property\":\"color\",\"value\":{},\"priority\":\"important\"}}",
                self.text()?
            ),
        };
        Ok(format!(
            "{{\"source\":13,{sheet},\"index\":{index},{change}}}"
        ))
    }

    fn canvas(&mut self) -> Result<String> {
        let id = self.id()?;
        Ok(match self.one_in(3)? {
            true => format!(
                "{{\"source\":9,\"id\":{id},\"type\":0,\"commands\":[{{\"property\":\"clearRect\",\"args\":[0,0,1,1]}},{{\"property\":\"drawImage\",\"args\":[{{\"rr_type\":\"ImageBitmap\",\"args\":[]}},0,0]}}]}}"
            ),
            false => format!(
                "{{\"source\":9,\"id\":{id},\"type\":0,\"commands\":[{{\"property\":\"fillText\",\"args\":[{},{}]}}]}}",
                self.text()?,
                self.number()?
            ),
        })
    }

    fn adopted(&mut self) -> Result<String> {
        let id = self.id()?;
        let ids = self.list(3, |maker| Ok(maker.from.int_in_range(0..=4u8)?.to_string()))?;
        let styles = self.list(2, |maker| {
            let style = maker.from.int_in_range(0..=4u8)?;
            let rules = maker.list(2, |maker| {
                Ok(format!(
                    "{{\"rule\":{},\"index\":{}}}",
                    maker.text()?,
                    maker.from.int_in_range(0..=2u8)?
                ))
            })?;
            Ok(format!("{{\"styleId\":{style},\"rules\":[{rules}]}}"))
        })?;
        Ok(format!(
            "{{\"source\":15,\"id\":{id},\"styleIds\":[{ids}],\"styles\":[{styles}]}}"
        ))
    }
}
