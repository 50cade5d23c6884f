import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.opensearch.common.settings.Settings;
import org.opensearch.node.InternalSettingsPreparer;
import org.opensearch.node.Node;
import org.opensearch.painless.PainlessPlugin;
import org.opensearch.plugins.Plugin;
import org.opensearch.transport.Netty4Plugin;

/**
 * One search node on loopback, for the demo and for tests: {@code SearchServer HOME HTTP_PORT TRANSPORT_PORT}.
 * Says READY when it answers; its data lies in HOME and goes with it.
 */
public final class SearchServer {
  private static final class Embedded extends Node {
    Embedded(Settings settings, Collection<Class<? extends Plugin>> plugins) {
      super(InternalSettingsPreparer.prepareEnvironment(settings, Map.of(), null, () -> "demo"), plugins, true);
    }
  }

  public static void main(String[] arguments) throws Exception {
    Path home = Path.of(arguments[0]).toAbsolutePath();
    Files.createDirectories(home.resolve("config"));
    Files.createDirectories(home.resolve("modules"));
    Settings settings = Settings.builder()
        .put("path.home", home.toString())
        .put("path.data", home.resolve("data").toString())
        .put("cluster.name", "demo")
        .put("node.name", "demo")
        .put("discovery.type", "single-node")
        .put("network.host", "127.0.0.1")
        .put("http.port", arguments[1])
        .put("http.type", "netty4")
        .put("transport.port", arguments[2])
        .put("transport.type", "netty4")
        .put("node.store.allow_mmap", false) // no system setting needed
        .put("cluster.routing.allocation.disk.threshold_enabled", false) // a full laptop is no cluster at risk
        .put("compatibility.override_main_response_version", true) // clients of Elasticsearch look at the version
        .build();
    Embedded node = new Embedded(settings, List.of(Netty4Plugin.class, PainlessPlugin.class));
    Runtime.getRuntime().addShutdownHook(new Thread(() -> {
      try {
        node.close();
      } catch (Exception error) {
        error.printStackTrace();
      }
    }));
    node.start();
    System.out.println("READY http://127.0.0.1:" + arguments[1]);
    System.out.flush();
    Thread.currentThread().join();
  }
}
