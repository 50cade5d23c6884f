// What the page tells the shop about its visitor: the guide's trackFunnelStep, sent in batches.
//
// Events wait until there are a few, or some seconds have passed, or the page is left; sendBeacon delivers them also then, and
// never holds the visitor up. The server believes nothing of it: it counts known steps and known values, everything else as "other".
"use strict";

const GigGatekMonitoring = (() => {
  const URL_EVENTS = "/monitoring/events";
  const MOST = 20;          // events in a batch; the server looks at 50
  const LONGEST = 5000;     // milliseconds that an event waits
  let waiting = [];
  let timer = null;

  const source = new URLSearchParams(location.search);
  const known = {
    channel: source.get("utm_medium") || "organic_search",
    campaign_id: source.get("utm_campaign") || "none",
    device: matchMedia("(max-width: 600px)").matches ? "mobile" : matchMedia("(max-width: 1000px)").matches ? "tablet" : "desktop",
  };

  function flush() {
    clearTimeout(timer);
    timer = null;
    if (waiting.length === 0) return;
    const body = JSON.stringify(waiting);
    waiting = [];
    if (!navigator.sendBeacon || !navigator.sendBeacon(URL_EVENTS, body)) {
      fetch(URL_EVENTS, { method: "POST", body, keepalive: true }).catch(() => {});
    }
  }

  function trackAction(action, metadata = {}) {
    waiting.push({ action, ...known, ...metadata });
    if (waiting.length >= MOST) flush();
    else if (timer === null) timer = setTimeout(flush, LONGEST);
  }

  // pagehide comes on every way out of a page, also on phones, where unload does not.
  addEventListener("pagehide", flush);
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") flush(); });

  return { trackAction, flush, known };
})();

// A step of the marketing funnel: visit, add_to_cart, checkout_start. Orders are counted where they are processed.
function trackFunnelStep(step, metadata = {}) {
  GigGatekMonitoring.trackAction("funnel_step", { step_name: step, ...metadata });
}
