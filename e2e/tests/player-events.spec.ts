// Analytics events beside what the recording shows, by names that can be read, and what was really sent one click away.
import { signIn } from '../support/app';
import { expectClean } from '../support/axe';
import { expect, test } from '../support/fixtures';
import { credentials } from '../support/server';
import { openPaused, storyRecording } from './player-story';

test('an event that an SDK captured by itself has a readable name in the activity list', async ({ page, context, server }) => {
  await signIn(context, server);
  const start_ms = Date.now() - 7_200_000;
  const device_id = `visitor-events-${start_ms}`;
  const replay = await server.upload(device_id, String(start_ms), storyRecording(start_ms));
  const event = (at_ms: number, event_type: string, event_properties: object) => ({
    event_type, event_properties, device_id, session_id: start_ms, time: start_ms + at_ms, insert_id: `${device_id}-${at_ms}`,
  });
  const sent = await fetch(`${server.origin}/2/httpapi`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      api_key: credentials.ingestKey,
      events: [
        event(1_000, '[Amplitude] Element Clicked', { '[Amplitude] Element Text': 'Apply voucher', '[Amplitude] Element Tag': 'button' }),
        event(1_500, 'Voucher applied', { code: 'LAMP10' }),
      ],
    }),
  });
  expect(sent.status).toBe(200);
  const sentNames = async () => (await server.get<{ events: { event_type: string }[] }>(`/api/v1/replays/${replay.id}/analytics`)).events.map((it) => it.event_type);
  await expect.poll(sentNames).toContain('Voucher applied');

  await openPaused(page, server.origin, replay.id, 1);
  const panels = page.getByRole('region', { name: 'Panels' });
  await panels.getByRole('tab', { name: /^Activity/ }).click();
  const captured = panels.getByRole('listitem').filter({ hasText: 'Clicked "Apply voucher"' });
  await expect(captured.getByLabel('Generated name:')).toBeVisible();
  const named = panels.getByRole('listitem').filter({ hasText: 'Voucher applied' });
  await expect(named).toBeVisible();
  await expect(named.getByLabel('Generated name:')).toHaveCount(0);
  await captured.getByRole('button').click();
  await expect(panels.getByText('[Amplitude] Element Clicked', { exact: true })).toBeVisible();
  await expect(panels.getByText('Apply voucher').last()).toBeVisible();
  await expectClean(page, 'a generated name');

  // What was sent finds it, too.
  await page.getByRole('searchbox').fill('amplitude element');
  await expect(panels.getByRole('listitem')).toHaveCount(1);
});
