#!/usr/bin/env bash
# A quoted phrase in Lucene (so in Elasticsearch and in arXiv's search) is not the words as written:
# a stop word at its end is dropped, and a stop word inside it is a gap that any word fills.
#
# Guess: with the English analyzer a stop word of a quoted phrase is either looked for like the other
#     words or ignored everywhere, so "state of the art" finds "state of the art" and perhaps "state art".
# What happens: "on policy" is the one word "polici"; "hepatitis A" is "hepat"; "IT" is a query without
#     words, which finds nothing; "text to image" needs exactly one word, any word, between the two, so
#     it finds "text and image" and not "text image".
# Versions: Lucene 8.8.1 (Debian's liblucene8-java, whose jars are named 8.7.0). arXiv runs Elasticsearch 6.2.4 (Lucene 7.2.1). Its
#     answer of 2026-06-10 to all:"weak-to-strong generalization" holds 1306.1510v3, in which only
#     "weak and strong generalizations" can be meant.
set -euo pipefail

jars=/usr/share/java
for jar in core analyzers-common memory queryparser; do
    if [ ! -e "$jars/lucene-$jar-8.7.0.jar" ]; then
        echo "needs Debian's liblucene8-java: apt-get install liblucene8-java" >&2
        exit 1
    fi
done
if ! command -v javac >/dev/null; then
    echo "needs a JDK of version 11 or newer: apt-get install default-jdk-headless" >&2
    exit 1
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >Phrases.java <<'JAVA'
import org.apache.lucene.analysis.en.EnglishAnalyzer;
import org.apache.lucene.index.memory.MemoryIndex;
import org.apache.lucene.queryparser.classic.QueryParser;

public class Phrases {
    public static void main(String[] none) throws Exception {
        var analyzer = new EnglishAnalyzer();
        String[][] cases = {
            {"on-policy", "a policy"},
            {"hepatitis A", "hepatitis B"},
            {"IT", "IT security"},
            {"text to image", "text and image"},
            {"text to image", "text guided image"},
            {"text to image", "text image"},
            {"state of the art", "state in your art"},
            {"state of the art", "state of art"},
        };
        for (String[] one : cases) {
            var query = new QueryParser("text", analyzer).parse('"' + one[0] + '"');
            var index = new MemoryIndex();
            index.addField("text", one[1], analyzer);
            System.out.println(String.join(" | ", one[0], query.toString("text"), one[1],
                index.search(query) > 0 ? "found" : "not found"));
        }
    }
}
JAVA
classpath=$(printf "$jars/lucene-%s-8.7.0.jar:" core analyzers-common memory queryparser)
java -cp "$classpath" Phrases.java >got.txt
echo "phrase | query of Lucene | text | result"
cat got.txt
diff - got.txt <<'EXPECTED'
on-policy | polici | a policy | found
hepatitis A | hepat | hepatitis B | found
IT |  | IT security | not found
text to image | "text ? imag" | text and image | found
text to image | "text ? imag" | text guided image | found
text to image | "text ? imag" | text image | not found
state of the art | "state ? ? art" | state in your art | found
state of the art | "state ? ? art" | state of art | not found
EXPECTED
