"""A headless Chromium, driven over the DevTools protocol by a pipe.

Source: chromedevtools.github.io/devtools-protocol; with
--remote-debugging-pipe the browser reads commands on descriptor 3 and answers
on 4, JSON texts that end with a NUL.
"""
import base64
import json
import os
import pathlib
import select
import shutil
import subprocess
import tempfile
import time

LIMIT_SECONDS = 120
FLAGS = ("--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
         "--disable-background-networking --disable-component-update "
         "--disable-sync --hide-scrollbars --remote-debugging-pipe").split()


def find_browser():
    """The path of Chromium; None where it is not installed."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


class Page:
    """One tab of a browser of its own; close() ends it."""

    def __init__(self):
        self.profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        there, self.commands = os.pipe()
        self.answers, back = os.pipe()
        words = [find_browser(), *FLAGS, f"--user-data-dir={self.profile.name}",
                 "about:blank"]
        self.process = subprocess.Popen(
            ["sh", "-c", f'exec "$@" 3<&{there} 4>&{back}', "sh", *words],
            pass_fds=(there, back), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(there)
        os.close(back)
        self.number, self.session, self.rest = 0, None, b""
        self.events = []
        target = next(t for t in self.call("Target.getTargets")["targetInfos"]
                      if t["type"] == "page")
        self.session = self.call("Target.attachToTarget", flatten=True,
                                 targetId=target["targetId"])["sessionId"]
        for domain in ("Page", "Runtime", "Network", "DOM"):
            self.call(f"{domain}.enable")

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.commands)
        os.close(self.answers)
        self.profile.cleanup()

    def _read(self):
        """The next answer or event."""
        deadline = time.monotonic() + LIMIT_SECONDS
        while b"\0" not in self.rest:
            seconds = max(deadline - time.monotonic(), 0)
            ready, _, _ = select.select([self.answers], [], [], seconds)
            data = os.read(self.answers, 1 << 20) if ready else b""
            if not data:
                raise TimeoutError("the browser does not answer")
            self.rest += data
        text, self.rest = self.rest.split(b"\0", 1)
        return json.loads(text)

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        rest = json.dumps(message).encode() + b"\0"
        while rest:
            rest = rest[os.write(self.commands, rest):]
        while True:
            answer = self._read()
            if answer.get("id") == self.number:
                break
            self.events.append(answer)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def open(self, path):
        """Open a file, and wait until it is loaded."""
        self.call("Page.navigate", url=pathlib.Path(path).resolve().as_uri())
        self.wait(f"document.readyState === 'complete' && "
                  f"location.href.endsWith({json.dumps(pathlib.Path(path).name)})")

    def run(self, script):
        """The value of a JavaScript expression, awaited."""
        found = self.call("Runtime.evaluate", expression=script,
                          returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in found:
            raise RuntimeError(f"{script}: {found['exceptionDetails']}")
        return found["result"].get("value")

    def wait(self, condition):
        """Wait until a JavaScript expression is true."""
        deadline = time.monotonic() + LIMIT_SECONDS
        while not self.run(condition):
            if time.monotonic() > deadline:
                raise TimeoutError(f"waited in vain for: {condition}")
            time.sleep(0.02)

    def settle(self):
        """Wait until the page has shown what was put in."""
        self.run("new Promise(done => requestAnimationFrame("
                 "() => requestAnimationFrame(() => done(true))))")

    def mouse(self, kind, x, y):
        self.call("Input.dispatchMouseEvent", type=f"mouse{kind}", x=x, y=y,
                  button="left", buttons=0 if kind == "Released" else 1,
                  clickCount=1)

    def touch(self, kind, points):
        self.call("Input.dispatchTouchEvent", type=f"touch{kind}",
                  touchPoints=[{"x": x, "y": y} for x, y in points])

    def key(self, key, code=None, modifiers=0):
        """Press and release; code is the Windows key code."""
        event = {"key": key, "code": key, "modifiers": modifiers,
                 "windowsVirtualKeyCode": code or 0}
        if len(key) == 1 and not modifiers:
            event["text"] = key
        self.call("Input.dispatchKeyEvent", type="keyDown", **event)
        event.pop("text", None)
        self.call("Input.dispatchKeyEvent", type="keyUp", **event)

    def choose_file(self, selector, path):
        """Choose a file in an <input type=file>."""
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=root, selector=selector)
        self.call("DOM.setFileInputFiles", nodeId=node["nodeId"],
                  files=[str(pathlib.Path(path).resolve())])

    def show_as(self, width, height, scheme="light"):
        """The size of the window in CSS pixels, and the color scheme."""
        self.call("Emulation.setDeviceMetricsOverride", width=width,
                  height=height, deviceScaleFactor=1, mobile=width < 600)
        self.call("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": scheme}])

    def shoot(self, path):
        """A picture of the whole page."""
        shot = self.call("Page.captureScreenshot", captureBeyondViewport=True)
        pathlib.Path(path).write_bytes(base64.b64decode(shot["data"]))

    def requests(self):
        """The addresses that were asked for since the start."""
        return [e["params"]["request"]["url"] for e in self.events
                if e["method"] == "Network.requestWillBeSent"]

    def accessible(self):
        """(role, name) of each node that assistive technology gets."""
        nodes = self.call("Accessibility.getFullAXTree")["nodes"]
        return [(n["role"]["value"], n.get("name", {}).get("value", ""))
                for n in nodes if not n.get("ignored")]
