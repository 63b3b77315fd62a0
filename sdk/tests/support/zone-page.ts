// By itself, because zone.js patches the page as it loads.
import * as zone from '../pages/zone';

window.apps = { zone };
