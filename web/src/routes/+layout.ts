// A static single-page app: the server only hands out files.
export const ssr = false;
export const prerender = false;
