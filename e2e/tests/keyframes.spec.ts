// The state of a page as the server computes it, in the real player: it must look
// like the recording played from its start.
//
// `RECORDINGS=all` tests all sessions of the repository, which takes half an hour;
// `RECORDINGS=folder` those of another folder.
import { expect, test } from '@playwright/test';
import { addEvents, comparable, keyframes, moments, openPlayer, readRecording, recordingFiles, shown, withRecordedScroll } from '../support/keyframes';

const momentsPerRecording = 20;

for (const file of recordingFiles()) {
  test(`keyframes of ${file.replace(/^.*\//, '')}`, async ({ page }) => {
    test.setTimeout(600_000);
    const recording = readRecording(file);
    const times = moments(recording, momentsPerRecording);
    const states = keyframes(recording, times);
    await openPlayer(page);
    await addEvents(page, recording.events);
    for (const [index, at_ms] of times.entries()) {
      const offset = `${at_ms - recording.startMs} ms`;
      const played = await shown(page, '[]', -Infinity, at_ms);
      const part = comparable(recording, at_ms);
      const jumped = await shown(page, states[index] ?? '[]', Infinity, at_ms);
      const expected = (state: string[]) => part(withRecordedScroll(recording, at_ms, played, state));
      expect(part(jumped), `keyframe at ${offset}`).toEqual(expected(jumped));
      // From an earlier keyframe on, at most five back.
      const from = Math.max(0, index - 1 - (index % 5));
      const from_ms = times[from] ?? at_ms;
      const continued = await shown(page, states[from] ?? '[]', from_ms, at_ms);
      const what = `keyframe at ${from_ms - recording.startMs} ms, played until ${offset}`;
      expect(part(continued), what).toEqual(expected(continued));
    }
  });
}
