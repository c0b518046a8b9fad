"""Leads a custom resource's answer to the platform.

Published providers put it to the host in ResponseURL by https, whatever the address says; the platform's address is
http on a port of its own. Loaded by the first event that has a ResponseURL, so that nobody else pays for it.
"""

from http.client import HTTPConnection, HTTPSConnection
from urllib.parse import urlsplit

ANSWERS = "/cloudformation-custom-resource-response-"
platform = None


def lead(response_url):
    global platform
    try:
        url = urlsplit(response_url)
        port = url.port
    except ValueError:
        return
    if url.scheme != "http" or not url.path.startswith(ANSWERS):
        return
    first = platform is None
    platform = (url.hostname, port)
    if not first:
        return
    secure = HTTPSConnection.connect

    def connect(self):
        if self.host != platform[0] or self.port not in (443, platform[1]):
            return secure(self)
        self.port = platform[1]
        return HTTPConnection.connect(self)

    HTTPSConnection.connect = connect
