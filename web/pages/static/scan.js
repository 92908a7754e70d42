/* Keyboard first, for scanners: the scan field has the focus, a key does what carries it, Escape goes back.
   Marks: data-scan on the field, data-key="1" on a link or button, data-back on the link back. A hidden field takes what
   is scanned on a page that shows none. Nothing depends on it. */
(function () {
  "use strict";
  var ALONE = 100;  // milliseconds: a scanner's next key comes sooner, a person's later
  var field = document.querySelector("[data-scan]");
  var typed = "", begunInField = false, pause;
  if (field && (field.autofocus || !document.getElementById("problems"))) {  // what is wrong is read first
    field.focus();
    if (field.value && field.value === field.defaultValue) field.select();
  }
  function typing(target) {
    if (!target || !target.tagName) return false;
    if (target.isContentEditable || /^(TEXTAREA|SELECT)$/.test(target.tagName)) return true;
    return target.tagName === "INPUT" && !/^(button|submit|reset|checkbox|radio)$/.test(target.type);
  }
  function carrying(key) {
    return Array.prototype.filter.call(document.querySelectorAll("[data-key]"), function (one) {
      return one.getAttribute("data-key").toLowerCase() === key.toLowerCase() && !one.disabled;
    })[0];
  }
  function over() {
    var keys = typed, found = keys.length === 1 && carrying(keys);
    typed = "";
    if (found) found.click();
    else if (begunInField) field.value += keys;
  }
  /* Also where nothing takes it: Enter must not press what happens to have the focus. A field that is seen, and was
     not in use, only gets ready: the rest of its form may be about somebody else. */
  function scanned() {
    var number = typed;
    typed = "";
    if (!field) return;
    if (begunInField || field.type === "hidden") {
      field.value = number;
      if (field.form.requestSubmit) field.form.requestSubmit();
      else field.form.submit();
    } else {
      field.focus();
    }
  }
  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || event.isComposing) return;
    if (event.key === "Escape") {
      var back = document.querySelector("[data-back], .govuk-back-link");
      if (back) {
        event.preventDefault();
        back.click();
      }
      return;
    }
    if (event.key === "Enter" && typed) {
      event.preventDefault();
      clearTimeout(pause);
      scanned();
      return;
    }
    if (!/^\S$/.test(event.key)) return;
    /* An empty scan field lets a key through that no number begins with: a reference is digits. */
    var inField = event.target === field && !field.value;
    var meant = inField && (typed || (/[^0-9]/.test(event.key) && carrying(event.key)));
    if (typing(event.target) && !meant) return;
    /* Where nothing takes keys they do what they do anywhere, such as searching the page. */
    if (field || document.querySelector("[data-key]")) event.preventDefault();
    if (!typed) begunInField = inField;
    typed += event.key;
    clearTimeout(pause);
    pause = setTimeout(over, ALONE);
  });
})();
