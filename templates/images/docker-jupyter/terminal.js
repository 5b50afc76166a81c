// The terminal's page: Jupyter's frame around xterm.js, which talks to terminado (JSON arrays over a web socket).
define(['base/js/utils', 'base/js/page', 'auth/js/loginwidget', 'hw5/xterm', 'hw5/addon-fit'], (utils, {Page}, {LoginWidget}, {Terminal}, {FitAddon}) => {
  const baseUrl = utils.get_body_data('baseUrl').replace(/\/?$/, '/');
  const page = new Page('div#header', 'div#site');
  new LoginWidget('span#login_widget', {base_url: baseUrl});
  page.show();

  const term = new Terminal({scrollback: 10000});
  const fit = new FitAddon();
  term.loadAddon(fit);
  term.open(document.getElementById('terminal'));

  const origin = utils.get_body_data('wsUrl') || location.origin.replace(/^http/, 'ws');
  const socket = new WebSocket(origin + baseUrl + utils.get_body_data('wsPath'));
  const send = (...message) => {
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
  };
  const announceSize = () => send('set_size', term.rows, term.cols, window.innerHeight, window.innerWidth);

  socket.onopen = () => {
    fit.fit();
    announceSize();
    term.focus();
  };
  socket.onmessage = ({data}) => {
    const [kind, text] = JSON.parse(data);
    if (kind === 'stdout') term.write(text);
  };
  socket.onclose = () => term.write('\r\n\r\n[CLOSED] Reload this page for a new shell.\r\n');
  term.onData((text) => send('stdin', text));
  term.onTitleChange((title) => {
    document.title = title;
  });
  term.onResize(announceSize);
  window.addEventListener('resize', () => fit.fit());

  // As on Jupyter's own page: makes the terminal available in the browser's console.
  window.terminal = {term, socket};
});
