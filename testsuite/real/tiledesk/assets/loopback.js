// Loaded before the servers, which listen on all interfaces and have no setting for it: here on 127.0.0.1 only.
const net = require('net');

const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (port, ...rest) {
  if (/^\d+$/.test(port) && typeof rest[0] !== 'string') {
    return listen.call(this, port, '127.0.0.1', ...rest);
  }
  return listen.call(this, port, ...rest);
};
