//! Plain rrweb events, collected into uploads.

use super::sender::{Sender, UPLOAD_BYTES};
use anyhow::Result;

pub struct Lines<'a> {
    session_id: &'a str,
    text: String,
}

impl<'a> Lines<'a> {
    pub fn new(session_id: &'a str) -> Self {
        Self {
            session_id,
            text: String::new(),
        }
    }

    /// Adds one event, the text of a JSON object or of a string with one inside.
    pub fn add(&mut self, event: &str, sender: &mut Sender<'_>) -> Result<()> {
        if event.is_empty() {
            return Ok(());
        }
        if !self.text.is_empty() && self.text.len() + event.len() > UPLOAD_BYTES {
            self.send(sender)?;
        }
        // A pretty-printed event of an array spans lines; strings cannot hold any.
        let on_one_line = event.chars().map(|c| match c {
            '\n' | '\r' => ' ',
            c => c,
        });
        self.text.extend(on_one_line);
        self.text.push('\n');
        Ok(())
    }

    pub fn send(&mut self, sender: &mut Sender<'_>) -> Result<()> {
        if self.text.is_empty() {
            return Ok(());
        }
        sender.rrweb(self.session_id, &self.text)?;
        self.text.clear();
        Ok(())
    }
}
