-- All signs of frustration. What was analysed before knew clicks only.
ALTER TABLE replays ADD COLUMN frustration_count INTEGER NOT NULL DEFAULT 0;
UPDATE replays SET frustration_count = rage_click_count + dead_click_count WHERE rage_click_count + dead_click_count > 0;
