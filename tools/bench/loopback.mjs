// Keeps a server of node to this computer: node --import loopback.mjs PROGRAM
import net from "node:net";

const { listen } = net.Server.prototype;
net.Server.prototype.listen = function (port, ...rest) {
  return typeof port === "number" || typeof port === "string"
    ? listen.call(this, Number(port), "127.0.0.1", ...rest.filter((option) => typeof option === "function"))
    : listen.call(this, port, ...rest);
};
