// Browser SDK with the session replay plugin.
{
  const { ingestKey, server, deviceId } = window.siteConfig;
  window.started = (async () => {
    await window.amplitude.add(window.sessionReplay.plugin({
      sampleRate: 1,
      trackServerUrl: `${server}/sessions/v2/track`,
      configServerUrl: `${server}/config`,
    })).promise;
    await window.amplitude.init(ingestKey, undefined, {
      deviceId,
      serverUrl: `${server}/2/httpapi`,
      remoteConfig: { serverUrl: `${server}/config` },
      enableDiagnostics: false,
      autocapture: { networkTracking: false, elementInteractions: true, pageViews: true, sessions: true },
    }).promise;
  })();
}
