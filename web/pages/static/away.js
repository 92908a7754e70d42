// Says when the network is away, and keeps what was typed until it has gone through. Pages do all their work without it.
"use strict";
(function () {
  var KEPT_FOR = 30 * 60 * 1000, FRESH_FOR = 20 * 1000, PROBE_FOR = 8 * 1000;
  var NEVER = /pass|pin|otp|totp|code|token|secret/i;
  var notice = document.getElementById("away");
  var heard = Date.now();  // when the server last answered: this page just came from it

  function say(what) {
    if (!notice) { return; }
    notice.firstElementChild.textContent = what ? notice.getAttribute("data-" + what) : "";
    notice.classList.toggle("zamu-away--calm", what === "kept");
    notice.hidden = !what;
  }
  function connection() { say(navigator.onLine === false ? "away" : ""); }

  // A page that says what is wrong with what was sent: it is read first, and Back asks for it again without sending.
  var wrong = document.getElementById("problems");
  if (wrong) {
    history.replaceState(null, "", wrong.getAttribute("data-page") || location.href);
    if (!document.querySelector("[autofocus]")) { wrong.focus(); }
  }

  // What is typed, by page and form: in this tab alone, and not for long.
  var store = null;
  try { store = window.sessionStorage; store.getItem("zamu"); } catch (blocked) { store = null; }
  function key(form) { return "zamu:" + location.pathname + " " + (form.getAttribute("action") || ""); }
  function read(name) {
    try {
      var kept = JSON.parse(store.getItem(name));
      return kept && Date.now() - kept.at < KEPT_FOR ? kept : null;
    } catch (broken) { return null; }
  }
  function write(name, kept) { try { store.setItem(name, JSON.stringify(kept)); } catch (full) { /* not kept */ } }

  function keepable(field) {
    return field.name && !/^(hidden|password|file|submit|button|image|reset)$/.test(field.type) &&
      field.autocomplete !== "one-time-code" && !NEVER.test(field.name + field.id);
  }
  function choosable(field) { return field.type === "radio" || field.type === "checkbox"; }
  function asServed(field) {
    if (choosable(field)) { return field.checked === field.defaultChecked; }
    if (field.options) { return Array.prototype.every.call(field.options, function (o) { return !o.defaultSelected || o.selected; }); }
    return field.value === field.defaultValue;
  }
  function keep(form, sent) {
    var values = {};
    Array.prototype.forEach.call(form.elements, function (field) {
      if (!keepable(field)) { return; }
      if (!choosable(field)) { values[field.name] = field.value; return; }
      values[field.name] = values[field.name] || [];
      if (field.checked) { values[field.name].push(field.value); }
    });
    var once = form.elements.request_key;
    write(key(form), { at: Date.now(), values: values, sent: sent && once ? once.value : null });
  }
  function restore(form, kept) {
    var changed = false, once = form.elements.request_key;
    Array.prototype.forEach.call(form.elements, function (field) {
      if (!keepable(field) || !(field.name in kept.values) || !asServed(field)) { return; }
      var value = kept.values[field.name];
      if (choosable(field)) {
        var checked = value.indexOf(field.value) >= 0;
        changed = changed || checked !== field.checked;
        field.checked = checked;
      } else if (field.value !== value) {
        field.value = value;
        changed = true;
      }
    });
    if (kept.sent && once && changed) {
      // It may have arrived, and only the answer was lost: sent again unchanged, it is the same request.
      var fresh = once.value;
      once.value = kept.sent;
      form.addEventListener("input", function () { once.value = fresh; });
    }
    return changed;
  }

  // Forms that change something, and that can be told from all others of the page.
  function keeps(form) {
    return form && form.method === "post" && !form.hasAttribute("data-forget") &&
      Array.prototype.filter.call(document.forms, function (other) { return key(other) === key(form); }).length === 1;
  }
  function wentThrough() {
    // The page one lands on after a form: another one, or the same one by a redirect, without a list of problems.
    var sent = store.getItem("zamu:sent"), entry = performance.getEntriesByType && performance.getEntriesByType("navigation")[0];
    var redirected = entry ? entry.redirectCount > 0 : performance.navigation && performance.navigation.redirectCount > 0;
    if (!sent || document.querySelector(".govuk-error-summary")) { return; }
    if (document.querySelector("[data-undone]")) {
      store.removeItem("zamu:sent");  // a page of a problem: what was typed stands in its form again for whoever goes back
      return;
    }
    if (redirected || sent.indexOf("zamu:" + location.pathname + " ") !== 0) { store.removeItem(sent); }
    store.removeItem("zamu:sent");
  }

  if (store) {
    if (document.querySelector("input[type=password]")) {
      store.clear();  // somebody else may be about to sign in
    } else {
      wentThrough();
      var back = false;
      Array.prototype.forEach.call(document.forms, function (form) {
        var kept = keeps(form) && !document.querySelector(".govuk-error-summary") && read(key(form));
        if (kept && restore(form, kept)) { back = true; }
      });
      if (back) { say("kept"); }
    }
    document.addEventListener("input", function (event) {
      var form = event.target.form;
      if (keeps(form) && keepable(event.target)) { keep(form, false); }
      if (notice && notice.classList.contains("zamu-away--calm")) { say(""); }
    });
  }

  // A form is held back while the network is away. After a pause in which nobody heard from the server it is asked
  // first, so that the page is not lost to a connection that is only said to be there; pressing again sends regardless.
  var asking = null, sure = false;
  function noteSent(form) {
    if (keeps(form) && store) { keep(form, true); store.setItem("zamu:sent", key(form)); }
  }
  function askFirst(form, button) {
    var asked = asking = {}, url = notice.getAttribute("data-probe");
    function answer(ok) {
      if (asking !== asked) { return; }
      asking = null;
      sure = true;
      if (ok) { say(""); form.requestSubmit(button || undefined); } else { say("away"); }
    }
    window.setTimeout(answer, PROBE_FOR, false);
    fetch(url, { method: "HEAD", cache: "no-store" }).then(function () { answer(true); }, function () { answer(false); });
  }
  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (navigator.onLine === false) {
      event.preventDefault();
      say("away");
    } else if (!asking && !sure && form.method === "post" && notice && window.fetch && form.requestSubmit && Date.now() - heard > FRESH_FOR) {
      event.preventDefault();
      askFirst(form, event.submitter);
    } else {
      asking = null;
      noteSent(form);
    }
  });
  window.addEventListener("online", connection);
  window.addEventListener("offline", connection);
  if (navigator.onLine === false) { connection(); }
})();
