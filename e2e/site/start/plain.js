// The upstream recorder without any SDK: the page sends its events itself.
{
  const { ingestKey, server, deviceId, sessionId } = window.siteConfig;
  const events = [];
  window.rrwebRecord.record({
    emit: (event) => events.push(event),
    maskAllInputs: true,
    maskTextClass: 'amp-mask',
    blockClass: 'amp-block',
  });
  window.started = Promise.resolve();
  // Called by the test before the page is left.
  window.sendRecording = async () => {
    // The recorder reports scrolling and moving up to half a second late.
    await new Promise((done) => setTimeout(done, 600));
    const query = new URLSearchParams({ device_id: deviceId, session_id: String(sessionId) });
    const answer = await fetch(`${server}/api/v1/ingest/rrweb?${query}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ingestKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(events.splice(0)),
    });
    if (!answer.ok) throw new Error(`the upload was answered ${answer.status}`);
  };
}
