export interface Cause {
  title: string;
  check: string;
}

/** Why a session has no replay, the most common first. */
export const missing_causes: readonly Cause[] = [
  {
    title: 'The key or address is another one',
    check: 'The site must send this project’s ingest key to this server. Compare both in the network panel of the browser: uploads go to /sessions/v2/track.',
  },
  {
    title: 'The content policy of the site forbids it',
    check: 'Its Content-Security-Policy must allow this server in connect-src, and worker-src blob: for the compressing worker. A refusal stands in the browser’s console.',
  },
  {
    title: 'An ad blocker or a firewall stopped the script or the upload',
    check: 'Bundle the recorder with the site or serve it from the site’s own domain, and give this server a name under that domain.',
  },
  {
    title: 'The session was not in the sample',
    check: 'With sampleRate below 1 only a share of the sessions is recorded, and 0 records none. The choice is made by session id and stays for the session.',
  },
  {
    title: 'The page never had the focus',
    check: 'Some recorders wait until the page is looked at; a tab opened in the background and closed again has no replay.',
  },
  {
    title: 'The session was too short',
    check: 'A visit of a few seconds can end before the first upload. The browser may drop what was not sent when the page closes.',
  },
  {
    title: 'No event in the session carries the replay id',
    check: 'For plain rrweb and stand-alone recorders device id and session id must be those of your events. One event is enough; events sent by a back end have none.',
  },
  {
    title: 'The recorder was started twice',
    check: 'Two initialisations, often one in the code and one in a tag manager, give device or session ids that do not match. Keep one.',
  },
  {
    title: 'The page is not instrumented',
    check: 'Each page that should be recorded loads the recorder, also those on another domain or behind a redirect. Pages of an exclusion list are not recorded.',
  },
  {
    title: 'The browser does not let the recorder store anything',
    check: 'Without IndexedDB (private windows, blocked storage, old browsers) the recorder keeps events in memory and loses them when the page closes.',
  },
  {
    title: 'It is there, but hidden',
    check: 'Look at all times instead of a period and switch “Unseen” off. A replay whose time of keeping is over has expired.',
  },
];

/** Proves a set-up on one’s own machine. */
export const local_test: readonly string[] = [
  'Open the site in a private window and its network panel.',
  'Delete cookies whose name begins with AMP_ and load the page again: this starts a new session.',
  'Click around for ten seconds and look for uploads to this server that were answered with 200.',
  'The replay is in the list a few seconds after the first upload.',
];
