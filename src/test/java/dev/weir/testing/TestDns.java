package dev.weir.testing;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;

/**
 * A DNS server (RFC 1035, over UDP) that changes its mind: it answers every name by what it was
 * told for the first question, the second and so on, for no longer than that. IPv6 addresses it has
 * none.
 */
public final class TestDns implements AutoCloseable {
  private static final int PORT = 53;
  private static final int HEADER_BYTES = 12;
  private static final short ADDRESS = 1;
  private final DatagramSocket socket;
  private final AtomicInteger questions = new AtomicInteger();
  private volatile IntFunction<List<String>> answers;

  private TestDns(DatagramSocket socket, IntFunction<List<String>> answers) {
    this.socket = socket;
    this.answers = answers;
  }

  /**
   * Starts it at the port of the DNS, which the system's resolver asks only: that takes rights.
   *
   * @param address a loopback address that has no such server yet
   * @param answers to the first question for an IPv4 address (0), the second and so on
   */
  public static TestDns start(String address, IntFunction<List<String>> answers)
      throws SocketException {
    InetSocketAddress at = new InetSocketAddress(InetAddress.ofLiteral(address), PORT);
    TestDns server = new TestDns(new DatagramSocket(at), answers);
    Thread.ofVirtual().start(server::serve);
    return server;
  }

  /** From now on it answers so, and counts anew. */
  public void answer(IntFunction<List<String>> changed) {
    answers = changed;
    questions.set(0);
  }

  /** Questions for IPv4 addresses. */
  public int questions() {
    return questions.get();
  }

  private void serve() {
    byte[] buffer = new byte[512];
    while (!socket.isClosed()) {
      DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
      try {
        socket.receive(packet);
        byte[] answer = answer(Arrays.copyOf(buffer, packet.getLength()));
        socket.send(new DatagramPacket(answer, answer.length, packet.getSocketAddress()));
      } catch (IOException closed) {
        return;
      }
    }
  }

  private byte[] answer(byte[] question) {
    int end = HEADER_BYTES;
    while (question[end] != 0) {
      end += question[end] + 1;
    }
    end++;
    short type = ByteBuffer.wrap(question).getShort(end);
    List<String> found = type == ADDRESS ? answers.apply(questions.getAndIncrement()) : List.of();
    ByteBuffer answer = ByteBuffer.allocate(512);
    answer.put(question, 0, 2).putShort((short) 0x8580); // an answer, authoritative, no error
    answer.putShort((short) 1).putShort((short) found.size()).putInt(0);
    answer.put(question, HEADER_BYTES, end + 4 - HEADER_BYTES);
    for (String one : found) {
      answer.putShort((short) 0xc00c).putShort(ADDRESS).putShort((short) 1).putInt(0);
      answer.putShort((short) 4).put(InetAddress.ofLiteral(one).getAddress());
    }
    return Arrays.copyOf(answer.array(), answer.position());
  }

  @Override
  public void close() {
    socket.close();
  }
}
