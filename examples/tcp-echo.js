// A server without requests: evenkeel examples/tcp-echo.js
import net from 'node:net';

net.createServer((socket) => socket.pipe(socket)).listen(Number(process.env.PORT ?? 7007));
