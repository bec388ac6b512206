#!/usr/bin/env bash
# The Porter stemmer that Lucene, Elasticsearch and so arXiv's search use is not the one that
# snowballstemmer calls "porter", nor what nltk does by default.
#
# Guess: the Porter stemmer has been frozen since 1980, so snowballstemmer's "porter", nltk's
#     PorterStemmer and Lucene's PorterStemFilter return the same stems.
# What happens: Lucene has the author's later edition (-logi becomes -log, -bli becomes -ble, every
#     doubled consonant is reduced, words of one or two letters are left alone). Of the three Python
#     stemmers below only nltk's PorterStemmer in the mode MARTIN_EXTENSIONS agrees with it:
#     "topology" and "topological" have one stem there, and two in the others.
# Versions: snowballstemmer 3.1.1, nltk 3.10.4, Lucene 8.8.1 (Debian's liblucene8-java, whose jars are named 8.7.0; 4.10.4 does
#     the same). Lucene is compared only where its jars and a JDK are installed.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check snowballstemmer==3.1.1 nltk==3.10.4

words=(topology topological psychology grokking possibly horribly os vs ties skies networks)

venv/bin/python - "${words[@]}" >python.txt <<'PY'
import sys

import snowballstemmer
from nltk.stem.porter import PorterStemmer

stemmers = [
    snowballstemmer.stemmer("porter").stemWord,
    PorterStemmer().stem,
    PorterStemmer(mode=PorterStemmer.MARTIN_EXTENSIONS).stem,
]
for word in sys.argv[1:]:
    print(word, *(stem(word) for stem in stemmers))
PY

echo "word, snowballstemmer 'porter', nltk default, nltk MARTIN_EXTENSIONS:"
cat python.txt
diff - python.txt <<'EXPECTED'
topology topologi topolog topolog
topological topolog topolog topolog
psychology psychologi psycholog psycholog
grokking grokk grok grok
possibly possibli possibl possibl
horribly horribli horribl horribl
os o os os
vs v vs vs
ties ti tie ti
skies ski sky ski
networks network network network
EXPECTED
cut -d' ' -f1,4 python.txt >martin.txt

lucene=/usr/share/java
if [ ! -e "$lucene/lucene-core-8.7.0.jar" ] || ! command -v javac >/dev/null; then
    echo "Lucene itself was not compared: it needs liblucene8-java and default-jdk-headless"
    exit 0
fi
cat >Stems.java <<'JAVA'
import org.apache.lucene.analysis.core.WhitespaceTokenizer;
import org.apache.lucene.analysis.en.PorterStemFilter;
import org.apache.lucene.analysis.tokenattributes.CharTermAttribute;

public class Stems {
    public static void main(String[] words) throws Exception {
        for (String word : words) {
            var source = new WhitespaceTokenizer();
            source.setReader(new java.io.StringReader(word));
            var stems = new PorterStemFilter(source);
            stems.reset();
            stems.incrementToken();
            System.out.println(word + " " + stems.getAttribute(CharTermAttribute.class));
        }
    }
}
JAVA
classpath=$lucene/lucene-core-8.7.0.jar:$lucene/lucene-analyzers-common-8.7.0.jar
java -cp "$classpath" Stems.java "${words[@]}" >lucene.txt
echo "Lucene against nltk's MARTIN_EXTENSIONS:"
diff martin.txt lucene.txt && echo "the same"
