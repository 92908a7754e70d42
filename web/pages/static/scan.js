/* Keyboard first, for scanners: the scan field has the focus, a key does what carries it, Escape goes back.
   Marks: data-scan on the field, data-key="1" on a link or button, data-back on the link back. Nothing depends on it. */
(function () {
  "use strict";
  var field = document.querySelector("[data-scan]");
  var wrong = document.getElementById("problems");
  if (field) {
    field.focus();
    if (field.value && field.select) field.select();
  } else if (wrong) {
    wrong.focus();
  }
  function typing(target) {
    if (!target || !target.tagName) return false;
    if (target.isContentEditable || /^(TEXTAREA|SELECT)$/.test(target.tagName)) return true;
    return target.tagName === "INPUT" && !/^(button|submit|reset|checkbox|radio)$/.test(target.type);
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
    if (event.key.length !== 1) return;
    /* An empty scan field lets a key through that no number begins with: a reference is digits. */
    if (typing(event.target) && !(event.target === field && !field.value && /[^0-9]/.test(event.key))) return;
    var wanted = event.key.toLowerCase();
    var found = Array.prototype.filter.call(document.querySelectorAll("[data-key]"), function (one) {
      return one.getAttribute("data-key").toLowerCase() === wanted && !one.disabled;
    })[0];
    if (found) {
      event.preventDefault();
      found.click();
    }
  });
})();
