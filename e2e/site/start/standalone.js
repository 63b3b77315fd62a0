// Session replay without the analytics SDK: the page gives device and session.
{
  const { ingestKey, server, deviceId, sessionId } = window.siteConfig;
  window.started = window.sessionReplay.init(ingestKey, {
    deviceId,
    sessionId,
    sampleRate: 1,
    trackServerUrl: `${server}/sessions/v2/track`,
    configServerUrl: `${server}/config`,
  }).promise;
}
