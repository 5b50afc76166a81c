import hashlib
import hmac
import logging
import os
import re
from pathlib import Path

c = get_config()  # noqa: F821 (Jupyter defines it)

# From a file: an argument or a variable of the environment is for all processes to read.
token = Path('/run/hw5-user/token').read_text().strip()
if len(token) < 8:
    raise SystemExit('the token in /run/hw5-user/token is too short to protect anything')
c.NotebookApp.token = token
c.NotebookApp.allow_password_change = False
# The same in every life of this container, so that nobody has to log in again when it was started anew elsewhere.
c.NotebookApp.cookie_secret = hmac.digest(token.encode(), b'cookies of the notebook', hashlib.sha256)

c.NotebookApp.notebook_dir = os.environ['HOME']
c.NotebookApp.open_browser = False
# The framework keeps the notebook running; a button that ends it would only be confusing.
c.NotebookApp.quit_button = False
# Reached by any node's address, through its proxy, which hands on the Host and Origin headers as they came: the same-origin check stays on.
c.NotebookApp.allow_remote_access = True
# A page for the terminal that works; see there.
c.NotebookApp.extra_template_paths = ['/usr/local/share/hw5/templates']
c.NotebookApp.extra_static_paths = ['/usr/local/share/hw5/static']
c.NotebookApp.terminado_settings = {'shell_command': ['/bin/bash', '-l']}


class WithoutTokens(logging.Filter):
    """Jupyter 6.4 logs redirected and failed requests whole, and the link with the token is such a request."""

    def filter(self, record):
        record.msg, record.args = re.sub(r'(token=)[^&\s]*', r'\1...', record.getMessage()), ()
        return True


for name in ('NotebookApp', 'tornado.access', 'tornado.application', 'tornado.general'):
    logging.getLogger(name).addFilter(WithoutTokens())
