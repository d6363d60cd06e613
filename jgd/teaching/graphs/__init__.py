"""Computation graphs: nodes.py the functions, graph.py the graph, its values and its derivatives by name."""

from jgd.teaching.graphs.graph import Graph as Graph
from jgd.teaching.graphs.graph import GraphResult as GraphResult
from jgd.teaching.graphs.nodes import Node as Node
from jgd.teaching.graphs.nodes import add as add
from jgd.teaching.graphs.nodes import cos as cos
from jgd.teaching.graphs.nodes import dot as dot
from jgd.teaching.graphs.nodes import exp as exp
from jgd.teaching.graphs.nodes import library as library
from jgd.teaching.graphs.nodes import log as log
from jgd.teaching.graphs.nodes import multiply as multiply
from jgd.teaching.graphs.nodes import negative_log as negative_log
from jgd.teaching.graphs.nodes import node as node
from jgd.teaching.graphs.nodes import sigmoid as sigmoid
from jgd.teaching.graphs.nodes import sin as sin
from jgd.teaching.graphs.nodes import square as square
from jgd.teaching.graphs.nodes import subtract as subtract
