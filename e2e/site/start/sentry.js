// @sentry/browser 7 to 11: since 8, integrations are functions instead of classes.
{
  const { ingestKey, server, deviceId, options = {} } = window.siteConfig;
  const { Sentry } = window;
  const replayOptions = {
    maskAllText: false,
    maskAllInputs: true,
    blockAllMedia: false,
    mask: ['.amp-mask', '[data-amp-mask]'],
    block: ['.amp-block'],
    ...options.replay,
  };
  const replay = Sentry.replayIntegration ? Sentry.replayIntegration(replayOptions) : new Sentry.Replay(replayOptions);
  const tracing = Sentry.browserTracingIntegration ? Sentry.browserTracingIntegration() : new Sentry.BrowserTracing();
  Sentry.init({
    dsn: `${server.replace('://', `://${ingestKey}@`)}/42`,
    release: 'e2e-site@1.0.0',
    environment: 'e2e',
    integrations: [replay, tracing],
    tracesSampleRate: 1,
    tracePropagationTargets: [/^http:\/\/127\.0\.0\.1:\d+\/backend\//],
    replaysSessionSampleRate: options.buffered ? 0 : 1,
    replaysOnErrorSampleRate: 1,
  });
  Sentry.setUser({ id: deviceId, email: `${deviceId}@mail.example` });
  window.replayId = () => replay.getReplayId();
  window.flushReplay = () => replay.flush();
  window.started = new Promise((started) => {
    const look = () => (replay.getReplayId() ? started() : setTimeout(look, 20));
    look();
  });
}
