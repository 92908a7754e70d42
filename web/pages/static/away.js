// Says when the network is away, and keeps what was typed. Pages do all their work without it.
"use strict";
(function () {
  var notice = document.getElementById("away");
  function tell() { if (notice) { notice.hidden = navigator.onLine !== false; } }
  window.addEventListener("online", tell);
  window.addEventListener("offline", tell);
  document.addEventListener("submit", function (event) {
    if (navigator.onLine === false) { event.preventDefault(); tell(); if (notice) { notice.scrollIntoView(); } }
  });
  tell();
})();
