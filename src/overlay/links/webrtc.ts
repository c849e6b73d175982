// The WebRTC transport of relays: libp2p's, asking our own STUN servers only, and letting go of connections that are over.
import type { MultiaddrConnection, Transport } from '@libp2p/interface';
import { type WebRTCTransportComponents, webRTC } from '@libp2p/webrtc';
import type { PeerConnection } from 'node-datachannel';
import type { Clock } from '../../realm/clock.ts';
import type { StunServers } from '../stun/servers.ts';
import { openPeerConnection } from './native-peer-connection.ts';

type CloseOnShutdown = (peerConnection: EventTarget, connection: MultiaddrConnection) => void;

export function webrtcTransport(stun: StunServers, clock: Clock): (components: WebRTCTransportComponents) => Transport {
  const create = webRTC({ rtcConfiguration: () => configuration(stun, clock) });
  return (components) => {
    const transport = create(components);
    letGo(transport);
    return transport;
  };
}

/** Opened when it is asked for: the transport may give an attempt up between taking its configuration and using it. */
function configuration(stun: StunServers, clock: Clock) {
  let opened: PeerConnection | undefined;
  const iceServers = stun.iceServers();
  return {
    iceServers,
    get peerConnection(): PeerConnection {
      opened ??= openPeerConnection(
        iceServers.flatMap(({ urls }) => urls),
        clock,
      );
      return opened;
    },
  };
}

/**
 * The transport keeps each connection until it stops: it waits for an event `close` of its RTCPeerConnection, and there is no
 * such event (js-libp2p issue 3567). So we send it one when the connection has closed.
 */
function letGo(transport: Transport): void {
  const own: unknown = Reflect.get(transport, '_closeOnShutdown');
  if (typeof own !== 'function') return;
  const closeOnShutdown: CloseOnShutdown = (peerConnection, connection) => {
    Reflect.apply(own, transport, [peerConnection, connection]);
    const onClose = () => void peerConnection.dispatchEvent(new Event('close'));
    if (connection.status === 'open') connection.addEventListener('close', onClose, { once: true });
    else onClose();
  };
  Reflect.set(transport, '_closeOnShutdown', closeOnShutdown);
}
