// posthog-js as the snippet loads it: the recorder itself comes from the server.
{
  const { ingestKey, server, deviceId, options = {} } = window.siteConfig;
  window.posthog.init(ingestKey, {
    api_host: server,
    // The browser of the tests says that it is a robot.
    opt_out_useragent_filter: true,
    disable_surveys: true,
    session_recording: { maskAllInputs: true, maskTextSelector: '.amp-mask, [data-amp-mask]', blockSelector: '.amp-block', ...options.recording },
  });
  window.posthog.identify(deviceId, { email: `${deviceId}@mail.example` });
  window.replayId = () => window.posthog.get_session_id();
  window.started = new Promise((started) => {
    const look = () => (window.posthog.sessionRecordingStarted() ? started() : setTimeout(look, 20));
    look();
  });
}
