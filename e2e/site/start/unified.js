// The unified build, which brings analytics and session replay.
{
  const { ingestKey, server, deviceId } = window.siteConfig;
  window.started = window.amplitude.initAll(ingestKey, {
    analytics: {
      deviceId,
      serverUrl: `${server}/2/httpapi`,
      remoteConfig: { serverUrl: `${server}/config` },
      enableDiagnostics: false,
      autocapture: { networkTracking: false },
    },
    sessionReplay: {
      sampleRate: 1,
      trackServerUrl: `${server}/sessions/v2/track`,
      configServerUrl: `${server}/config`,
    },
  });
}
