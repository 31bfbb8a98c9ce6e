"""What is said of meters that something befalls: cases as data, for the pipeline alone and for the agents on Kafka."""
