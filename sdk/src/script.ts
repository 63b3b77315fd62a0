// The script-tag build: everything of the module as `window.reenact`.
import * as reenact from './index';

(window as unknown as { reenact: typeof reenact }).reenact = reenact;
