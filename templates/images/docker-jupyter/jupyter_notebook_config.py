import hashlib
import hmac
import logging
import os
import re
from pathlib import Path

c = get_config()  # noqa: F821 (Jupyter defines it)

# From a file, because other processes can read arguments and environment variables.
token = Path('/run/hw5-user/token').read_text().strip()
if len(token) < 8:
    raise SystemExit('the token in /run/hw5-user/token is too short to protect anything')
c.NotebookApp.token = token
c.NotebookApp.allow_password_change = False
# Derived from the token, so that a login is still valid when the container was restarted on another node.
c.NotebookApp.cookie_secret = hmac.digest(token.encode(), b'cookies of the notebook', hashlib.sha256)

c.NotebookApp.notebook_dir = os.environ['HOME']
c.NotebookApp.open_browser = False
# The framework would restart a notebook that the quit button has ended.
c.NotebookApp.quit_button = False
# The notebook is reached at any node's address, through its proxy, which does not change the Host and Origin headers: the same-origin check stays on.
c.NotebookApp.allow_remote_access = True
# Replaces Jupyter's page for the terminal; terminal.html has the reason.
c.NotebookApp.extra_template_paths = ['/usr/local/share/hw5/templates']
c.NotebookApp.extra_static_paths = ['/usr/local/share/hw5/static']
c.NotebookApp.terminado_settings = {'shell_command': ['/bin/bash', '-l']}


class WithoutTokens(logging.Filter):
    """Removes tokens: Jupyter 6.4 logs the URLs of redirected and failed requests, which may contain the token."""

    def filter(self, record):
        record.msg, record.args = re.sub(r'(token=)[^&\s]*', r'\1...', record.getMessage()), ()
        return True


for name in ('NotebookApp', 'tornado.access', 'tornado.application', 'tornado.general'):
    logging.getLogger(name).addFilter(WithoutTokens())
