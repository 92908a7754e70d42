"""`make picture`: the phone mid-booking, as a picture for the README."""

from pathlib import Path

from playwright.sync_api import expect, sync_playwright

from tests.browser.conftest import QUIET
from tests.browser.everything import chromium, everything_running

PICTURE = Path(__file__).parents[2] / "docs" / "phone.png"
STEPS = ("*191*9#", "1", "1", "1", "1")


def main() -> None:
    with everything_running() as running, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=QUIET)
        page = browser.new_page(viewport={"width": 1100, "height": 800})
        page.goto(running.simulator)
        for step in STEPS:
            page.get_by_label("Dial or answer").fill(step)
            before = page.get_by_role("status", name="Phone screen").inner_text()
            page.get_by_role("button", name="Call or send").click()
            expect(page.get_by_role("status", name="Phone screen")).not_to_have_text(before, use_inner_text=True)
        page.screenshot(path=PICTURE)
        browser.close()


if __name__ == "__main__":
    main()
