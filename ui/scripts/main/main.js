// Starts the main window: what the bridge says goes to every part, and the location decides which part is seen.

import { ask } from "../bridge.js";
import { byId, dress } from "../dom.js";
import { showBanners } from "./banners.js";
import { makeNavigation } from "./navigation.js";
import { keepUp } from "./overview.js";
import { showNotLoaded, showStarting } from "./parts/states.js";
import { keepTimesFresh } from "./parts/times.js";
import { showState } from "./state_line.js";
import { makeAccounts } from "./tabs/accounts.js";
import { makeActivity } from "./tabs/activity.js";
import { makeApps } from "./tabs/apps.js";
import { makeConnect } from "./tabs/connect.js";
import { makeDiagnostics } from "./tabs/diagnostics.js";
import { makeSettings } from "./tabs/settings.js";
import { makeWelcome } from "./tabs/welcome.js";

/** In the order of the rail. The welcome has no tab: it is where a first start begins. */
const SECTIONS = {
  apps: makeApps,
  accounts: makeAccounts,
  activity: makeActivity,
  connect: makeConnect,
  settings: makeSettings,
  diagnostics: makeDiagnostics,
};

/** Nobody waits longer than this for a window, even if it has nothing to show yet. */
const LONGEST_WITHOUT_WINDOW = 1000;

dress();
const panels = byId("panels");
const stopWaiting = showStarting(panels);
let navigation;
let last;
let isPainted = false;

keepUp({ heard, lost });
keepTimesFresh();
setTimeout(painted, LONGEST_WITHOUT_WINDOW);

function heard(overview) {
  last = overview;
  document.documentElement.dataset.appearance = overview.settings.appearance;
  showState(byId("state"), overview.status.state);
  showBanners(byId("banners"), overview);
  if (!navigation) {
    stopWaiting();
    navigation = makeNavigation({ tabs: byId("tabs"), panels, sections: SECTIONS, welcome: makeWelcome, overview });
  }
  navigation.update(overview);
  painted();
}

function lost(failure, again) {
  if (last) {
    showState(byId("state"), "lost");
    showBanners(byId("banners"), last, failure);
  } else {
    stopWaiting();
    showNotLoaded(panels, failure, again);
    painted();
  }
}

/** There is something to see in the window, even if it is only that it takes long, or a failure. */
function painted() {
  if (isPainted) return;
  isPainted = true;
  requestAnimationFrame(() => setTimeout(() => ask("main_shown").catch(() => {}), 0));
}
