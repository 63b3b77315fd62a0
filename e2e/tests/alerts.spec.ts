// Alerts, to a real receiver and a real mail server.
import { signIn } from '../support/app';
import { expectClean } from '../support/axe';
import { expect, test } from '../support/fixtures';
import { countingRecording } from '../support/recordings';
import { isSigned, startMailSink, startReceiver } from '../support/receivers';
import { Server } from '../support/server';

test('an alert tells of a new replay by web hook and e-mail', async ({ page, context }) => {
  const [receiver, sink] = [await startReceiver(), await startMailSink()];
  const server = await Server.start({
    env: {
      REENACT__ALERTS__LOOK_SECONDS: '0.3',
      REENACT__ALERTS__ALLOWED_NETWORKS: '["127.0.0.0/8"]',
      REENACT__MAIL__HOST: '127.0.0.1',
      REENACT__MAIL__PORT: String(sink.port),
      REENACT__MAIL__ENCRYPTION: 'none',
      REENACT__MAIL__FROM: 'Reenact <reenact@shop.example>',
    },
  });
  try {
    await signIn(context, server);
    await page.goto(`${server.origin}/alerts`);
    await expect(page.getByText('An alert watches a saved search.', { exact: false })).toBeVisible();
    await expectClean(page, 'no saved search');
    const start_ms = Date.now() - 60_000;
    await server.upload('someone', String(start_ms), countingRecording(start_ms, 3));
    await page.goto(`${server.origin}/replays?filter=${encodeURIComponent('device contains watched')}`);
    await page.getByRole('button', { name: 'Saved searches' }).click();
    await page.getByLabel('Name of this search').fill('Watched');
    await page.keyboard.press('Enter');
    await expect(page.getByText('Saved “Watched”')).toBeVisible();

    await page.goto(`${server.origin}/alerts?new=yes`);
    const form = page.getByRole('form', { name: 'New alert' });
    await form.getByLabel('Name').fill('Trouble');
    await form.getByRole('button', { name: 'Make alert' }).click();
    await expect(form.getByRole('alert')).toContainText('needs a webhook');
    await form.getByLabel('Web hook').fill(receiver.url);
    await form.getByLabel('E-mail to').fill('ops@shop.example');
    await expectClean(page, 'the form of an alert');
    await form.getByRole('button', { name: 'Make alert' }).click();
    const alert = page.getByRole('region', { name: 'Trouble' });
    await expect(alert.getByText('Copy it now.')).toBeVisible();
    const secret = (await alert.getByText(/^[0-9a-f]{64}$/).textContent())!.trim();

    await alert.getByRole('button', { name: 'Send a test' }).click();
    const rows = alert.getByRole('table', { name: 'Deliveries' }).getByRole('row');
    await expect(rows.filter({ hasText: 'Delivered' })).toHaveCount(2);
    expect(receiver.messages[0]!.body.type).toBe('test');
    for (const colorScheme of ['dark', 'light'] as const) {
      await page.emulateMedia({ colorScheme });
      await expectClean(page, `an alert, ${colorScheme}`);
    }

    const replay = await server.upload('watched one', String(start_ms), countingRecording(start_ms, 3));
    await expect.poll(() => receiver.messages.length, { timeout: 30_000 }).toBe(2);
    const message = receiver.messages[1]!;
    expect(isSigned(message, secret)).toBe(true);
    expect(isSigned(message, 'another')).toBe(false);
    expect(message.body.replays.map(({ id }: { id: string }) => id)).toEqual([replay.id]);
    await expect.poll(() => sink.mails.length, { timeout: 30_000 }).toBe(2);
    expect(sink.mails[1]).toContain('Subject: Trouble: 1 new replay');
    await page.goto(message.body.replays[0].url);
    await expect(page.getByRole('heading', { level: 1, name: 'watched one' })).toBeVisible();
    await page.goto(message.body.url);
    await expect(page.getByText('1 replay matches')).toBeVisible();

    await page.goto(`${server.origin}/alerts`);
    await page.getByRole('link', { name: 'Trouble' }).click();
    await alert.getByRole('button', { name: 'Pause' }).click();
    await expect(alert.getByText('Paused by hand.')).toBeVisible();
    await alert.getByRole('button', { name: 'Run on' }).click();
    await expect(alert.getByText('Paused by hand.')).toHaveCount(0);
    await alert.getByRole('button', { name: 'Delete' }).click();
    await alert.getByRole('button', { name: 'Delete for good' }).click();
    await expect(page.getByText('No alert watches a saved search yet.')).toBeVisible();
  } finally {
    await server.stop();
    receiver.stop();
    sink.stop();
  }
});
